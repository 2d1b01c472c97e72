// A wire between browser and server that can be cut, and that can lose requests or refuse WebSockets as some proxies do.
import { connect, createServer } from "node:net";
import { once } from "node:events";

export class Wire {
  /** @param {string} address `host:port` of the server */
  static async to(address) {
    const wire = new Wire();
    const [host, port] = address.split(":");
    wire.pairs = new Set();
    wire.state = { cut: false, sockets: true, loses: null };
    wire.refused = 0;
    wire.server = createServer((near) => wire.#join(near, host, Number(port)));
    wire.server.listen(0, "127.0.0.1");
    await once(wire.server, "listening");
    wire.address = `127.0.0.1:${wire.server.address().port}`;
    wire.origin = `http://${wire.address}`;
    return wire;
  }

  #join(near, host, port) {
    near.on("error", () => near.destroy());
    if (this.state.cut) return near.destroy();
    const pair = { near, far: null };
    this.pairs.add(pair);
    near.once("close", () => {
      this.pairs.delete(pair);
      pair.far?.destroy();
    });
    const lost = (bytes) => this.state.loses?.test(bytes.toString("latin1", 0, 400));
    near.once("data", (first) => {
      if (lost(first)) return near.destroy();
      if (!this.state.sockets && /\r\nupgrade:\s*websocket/i.test(first.toString("latin1"))) {
        this.refused += 1;
        return near.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      }
      const far = connect(port, host);
      pair.far = far;
      far.on("error", () => near.destroy());
      far.once("close", () => near.destroy());
      far.write(first);
      // A connection carries one request after another.
      near.on("data", (bytes) => (lost(bytes) ? near.destroy() : far.write(bytes)));
      near.once("end", () => far.end());
      far.pipe(near);
    });
  }

  /** Ends every connection and takes no new one. */
  cut() {
    this.state.cut = true;
    for (const { near } of this.pairs) near.destroy();
  }

  mend() {
    this.state.cut = false;
  }

  /** From now on requests that begin like this get lost; `null`: none. */
  lose(pattern) {
    this.state.loses = pattern;
  }

  /** From now on no connection becomes a WebSocket. */
  refuseSockets() {
    this.state.sockets = false;
  }

  async end() {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }
}
