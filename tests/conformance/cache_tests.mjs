// Runs the public tests of HTTP caches (npm http-cache-tests) through the client's cache:
//   node cache_tests.mjs DRIVER EXPECTATIONS [sqlite:FILE | redis]
// DRIVER is the program `cache_driver`. Its store is memory, FILE, which is made anew, or a Redis
// server of the test's own. The server and the
// checks are the package's own, which tools/setup brings. EXPECTATIONS says which tests do not pass,
// and why. Prints `ok NAME` or `not ok NAME` for each; a test that newly passes is `not ok` too.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

const [program, expectationsFile, store = ''] = process.argv.slice(2)
const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
const folder = path.join(caches, 'cohttps', 'npm', 'http-cache-tests')
if (!fs.existsSync(path.join(folder, 'package.json'))) {
  console.log('skip http-cache-tests the package is not here; tools/setup test brings it where there is npm')
  process.exit(0)
}
setTimeout(() => { // whatever hangs
  console.log('not ok the tests have not ended after four minutes')
  process.exit(1)
}, 240_000).unref()

const load = (...names) => import(pathToFileURL(path.join(folder, ...names)).href)

/// The package's server, at a loopback address: its own program listens on all of them.
async function startServer () {
  const handlers = {}
  for (const name of ['config', 'test', 'state']) handlers[name] = (await load('server', `handle-${name}.mjs`)).default
  const server = http.createServer((request, response) => {
    const [, dispatch, ...rest] = new URL(request.url, 'http://localhost').pathname.split('/')
    if (dispatch in handlers) handlers[dispatch](rest, request, response)
    else response.writeHead(404).end()
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

/// A Redis without files, at a Unix socket.
async function startRedis () {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cohttps-cache-tests-'))
  const socket = path.join(folder, 'redis.sock')
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder], { stdio: 'ignore' })
  let failure
  redis.on('error', e => { failure = e })
  process.on('exit', () => {
    redis.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
  })
  while (!fs.existsSync(socket)) {
    if (failure?.code === 'ENOENT') {
      console.log('skip http-cache-tests there is no Redis; tools/setup test installs it')
      process.exit(0)
    }
    if (failure || redis.exitCode !== null) {
      console.log(`not ok redis-server does not start: ${failure ?? redis.exitCode}`)
      process.exit(1)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return socket
}

/// What the driver is told about its store.
async function prepareStore () {
  if (store === 'redis') return [`redis:${await startRedis()}`]
  const file = store.replace(/^sqlite:/, '')
  if (file) for (const end of ['', '-wal', '-shm']) fs.rmSync(file + end, { force: true })
  return store ? [store] : []
}

/// `fetch` as the package calls it, by the driver.
function startDriver (args) {
  const driver = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map()
  let next = 0
  readline.createInterface({ input: driver.stdout }).on('line', line => {
    const answer = JSON.parse(line)
    const { resolve, reject } = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error) reject(new Error(answer.error))
    else resolve({ status: answer.status, statusText: '', headers: new Headers(answer.headers), text: async () => answer.body })
  })
  driver.on('exit', code => waiting.forEach(({ reject }) => reject(new Error(`the driver ended with ${code}`))))
  const fetch = (url, init = {}) => new Promise((resolve, reject) => {
    const id = ++next
    waiting.set(id, { resolve, reject })
    // Headers of the package's are pairs; a value may be a number.
    const headers = (init.headers || []).map(([name, value]) => [name, String(value)])
    driver.stdin.write(JSON.stringify({ id, url, method: init.method || 'GET', headers, ...(init.body === undefined ? {} : { body: init.body }) }) + '\n')
  })
  return { driver, fetch }
}

const server = await startServer()
const { driver, fetch } = startDriver(await prepareStore())
const suites = (await load('tests', 'index.mjs')).default
const { runTests, getResults } = await load('client', 'runner.mjs')
const log = console.log
console.log = () => {} // the server's warnings
await runTests(suites, fetch, false, `http://127.0.0.1:${server.address().port}`)
console.log = log
driver.stdin.end()
server.close()
server.closeAllConnections()

const expectations = JSON.parse(fs.readFileSync(expectationsFile, 'utf8'))
const results = getResults()
let failed = 0
for (const [id, result] of Object.entries(results)) {
  const passed = result === true
  const reason = expectations[id]
  const good = passed === (reason === undefined)
  failed += good ? 0 : 1
  log(`${good ? 'ok' : 'not ok'} ${id}${reason === undefined ? '' : `: ${reason}`}`)
  if (!good) log(`    ${passed ? 'it passes now: take it out of the table' : `${result[0]}: ${result[1]}`}`)
}
for (const id of Object.keys(expectations)) {
  if (id in results) continue
  failed += 1
  log(`not ok ${id}\n    the package has no such test: take it out of the table`)
}
process.exit(failed ? 1 : 0)
