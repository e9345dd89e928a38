// The embedded MQTT 3.1.1 broker: aedes on one listener, until SIGTERM.
//
// usage: node aedes.mjs HOST PORT MAX_PACKET_BYTES MAX_QUEUE_BYTES
//
// Nothing is kept beyond a connection but retained messages: our parties have queues and stores of their own,
// and whoever lost its connection begins from there.
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const [host, ...numbers] = process.argv.slice(2)
const [port, maxPacketBytes, maxQueueBytes] = numbers.map(Number)
const STOP_MILLISECONDS = 3000

function log (level, event, fields = {}) {
  const line = { timestamp: new Date().toISOString(), level, service: 'broker', event, ...fields }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}

const broker = await Aedes.createBroker({
  preConnect (_client, packet, done) {
    // A session kept for an absent client would be a queue without bound.
    packet.clean = true
    done(null, true)
  },
  authorizePublish (_client, packet, done) {
    if (packet.topic.startsWith('$SYS/')) return done(new Error('$SYS is reserved'))
    if (packet.payload.length > maxPacketBytes) return done(tooLong())
    done(null)
  }
})

function tooLong () {
  return new Error(`a packet has at most ${maxPacketBytes} bytes`)
}

/**
 * Queue what a client does not read yet in its own socket, and drop the client at the limit. Waiting for it, as
 * aedes does when a write says "full", would hold up everybody else.
 */
function boundQueue (socket) {
  const write = socket.write
  socket.write = function (...parts) {
    write.apply(socket, parts)
    if (socket.writableLength > maxQueueBytes && !socket.destroyed) {
      socket.destroy(new Error(`it does not read: ${socket.writableLength} bytes are waiting`))
    }
    return true
  }
}

/** Drop a client whose unfinished packet grows beyond the limit; the parser itself has none. */
function boundPacket (socket, client) {
  socket.on('readable', () => {
    if (client._parser._list.length > maxPacketBytes && !socket.destroyed) socket.destroy(tooLong())
  })
}

const server = createServer({ noDelay: true }, (socket) => {
  boundQueue(socket)
  boundPacket(socket, broker.handle(socket))
})

function refuse (event) {
  return (client, error) => log('warning', event, { client: client.id ?? '', reason: error.message })
}

broker.on('clientError', refuse('client_dropped'))
broker.on('connectionError', refuse('connection_refused'))
broker.on('keepaliveTimeout', (client) => log('warning', 'client_silent', { client: client.id }))
broker.on('error', (error) => fail('broker_failed', error))
server.on('error', (error) => fail('listener_failed', error))

function fail (event, error) {
  log('error', event, { reason: error.message })
  process.exit(1)
}

function stop () {
  setTimeout(() => process.exit(0), STOP_MILLISECONDS).unref()
  server.close()
  broker.close(() => process.exit(0))
}

process.on('SIGTERM', stop)
process.on('SIGINT', stop)
server.listen(port, host)
