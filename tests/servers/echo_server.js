// Tells in JSON what a request was, as Node's parser read it.
// node echo_server.js HTTP_PORT HTTPS_PORT CERTIFICATE KEY
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');

const [httpPort, httpsPort, certificate, key] = process.argv.slice(2);

async function bytesOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

// By the parser of the fetch API, which comes with Node.
async function formOf(bytes, type) {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const all = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') all.push({ name, value });
    else all.push({ name, filename: value.name, type: value.type, value: await value.text() });
  }
  return all;
}

function answer(response, object, status = 200) {
  const text = JSON.stringify(object);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function serve(request, response) {
  const path = request.url.split('?')[0];
  if (path === '/early') {  // says what it thinks before the content has come
    response.writeHead(413, { connection: 'close', 'content-length': 4 });
    response.end('much');
    return;
  }
  if (path === '/count') {
    let size = 0;
    for await (const part of request) size += part.length;
    answer(response, { size });
    return;
  }
  const bytes = await bytesOf(request);
  if (path === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
  if (path === '/trailers') {
    response.writeHead(200, { trailer: 'x-sum, x-more' });
    response.write('first ');
    response.write('second');
    response.addTrailers({ 'x-sum': '42', 'x-more': 'yes' });
    response.end();
    return;
  }
  if (path === '/set') {
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Path=/; HttpOnly', 'c=3; Path=/elsewhere']);
    answer(response, {});
    return;
  }
  if (path === '/form') {
    answer(response, await formOf(bytes, request.headers['content-type']));
    return;
  }
  answer(response, {
    method: request.method,
    target: request.url,
    headers: request.rawHeaders,
    content: bytes.toString('base64'),
    trailers: request.rawTrailers,
  });
}

function prepared(server, port) {
  server.on('request', (request, response) => {
    serve(request, response).catch((error) => answer(response, { error: String(error) }, 500));
  });
  server.on('checkExpectation', (request, response) => {
    response.writeHead(417, { 'content-length': 0 });
    response.end();
  });
  server.on('checkContinue', (request, response) => {
    if (request.url === '/refused') {
      response.writeHead(403, { 'content-length': 2 });
      response.end('no');
      return;
    }
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.listen(Number(port), '127.0.0.1');
}

prepared(http.createServer(), httpPort);
prepared(https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }), httpsPort);
