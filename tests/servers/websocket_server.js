// Echoes messages over WebSockets, with the package `ws`.
// node websocket_server.js HTTP_PORT HTTPS_PORT CERTIFICATE KEY
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
// Where Debian has it; a Node of other origin does not look there.
const packaged = '/usr/share/nodejs/ws';
const { WebSocketServer } = require(fs.existsSync(packaged) ? packaged : 'ws');

const [httpPort, httpsPort, certificate, key] = process.argv.slice(2);

function serve(server, port) {
  const sockets = new WebSocketServer({
    server,
    maxPayload: 64 * 1024 * 1024,
    perMessageDeflate: { threshold: 64 },
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => {
      if (data.toString() === 'ping me') socket.ping('are you there');
      else if (data.toString() === 'close me') socket.close(4001, 'as you wish');
      else if (data.toString() === 'drop me') socket.terminate();
      else socket.send(data, { binary });
    });
    socket.on('pong', (data) => socket.send('pong: ' + data));
  });
  server.listen(Number(port), '127.0.0.1');
}

serve(http.createServer(), httpPort);
serve(https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }), httpsPort);
