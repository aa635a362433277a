import net from "node:net";
import tls from "node:tls";

/**
 * Leads AWS host names to the local cloud, for every client that Node has (http, https, http2, fetch, and libraries on
 * them): `<id>.execute-api.us-east-1.amazonaws.com`, bucket hosts, function URLs, and host prefixes such as `sync-` before
 * the cloud's own address. The Host header stays as the client wrote it, so the cloud knows what was meant.
 *
 * An `https:` address is spoken in plain HTTP to the cloud: `tls.connect` gives a socket that says it is secure.
 * Gap: what a client reads from the certificate (`getPeerCertificate`, pinning) is empty; native add-ons and child
 * processes with their own sockets are not led.
 */

const AWS_HOST = /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|on\.aws|cloudfront\.net|amazoncognito\.com)$/i;
/** `sync-127.0.0.1`, `123456789012.127.0.0.1`, `bucket.localhost`. */
const PREFIXED_LOOPBACK = /^[^:]+[-.](127\.0\.0\.1|localhost)$/i;

/**
 * @typedef {{ host?: string, port?: number | string, path?: string | null, servername?: string,
 *   ALPNProtocols?: unknown }} ConnectOptions
 */

/** @param {unknown} host */
function leadsToCloud(host) {
  return typeof host === "string" && (AWS_HOST.test(host) || PREFIXED_LOOPBACK.test(host));
}

/** @param {{ host: string, port: number }} endpoint */
export function installNetwork(endpoint) {
  const connectSocket = net.Socket.prototype.connect;
  net.Socket.prototype.connect = /** @type {typeof connectSocket} */ (
    /** @this {net.Socket} @param {unknown[]} args */
    function (...args) {
      // Node's own callers hand over one array of (options, callback), others a list; the array carries a mark of Node's.
      const list = /** @type {unknown[]} */ (Array.isArray(args[0]) ? args[0] : args);
      redirect(list, endpoint);
      return Reflect.apply(connectSocket, this, args);
    }
  );

  const connectTls = tls.connect;
  tls.connect = /** @type {typeof connectTls} */ (
    /** @type {unknown} */ (
      (/** @type {unknown[]} */ ...args) => {
        const options = tlsOptions(args);
        if (options && (leadsToCloud(options.host) || leadsToCloud(options.servername)))
          return plainAsSecure(endpoint, options, args.at(-1));
        return Reflect.apply(connectTls, tls, args);
      }
    )
  );
}

/**
 * Rewrites the arguments of `connect` in place.
 * @param {unknown[]} list
 * @param {{ host: string, port: number }} endpoint
 */
function redirect(list, endpoint) {
  const [first, second] = list;
  if (typeof first === "object" && first !== null) {
    const options = /** @type {ConnectOptions} */ (first);
    if (!options.path && leadsToCloud(options.host)) list[0] = { ...options, ...endpoint };
  } else if (typeof second === "string" && leadsToCloud(second)) {
    list[0] = endpoint.port;
    list[1] = endpoint.host;
  }
}

/**
 * @param {unknown[]} args
 * @returns {ConnectOptions | undefined}
 */
function tlsOptions(args) {
  const given = args.find((arg) => typeof arg === "object" && arg !== null);
  const options = /** @type {ConnectOptions} */ (given ?? {});
  if (typeof args[0] === "number" || typeof args[0] === "string")
    return { ...options, host: typeof args[1] === "string" ? args[1] : "localhost" };
  return given ? options : undefined;
}

/**
 * @param {{ host: string, port: number }} endpoint
 * @param {ConnectOptions} options
 * @param {unknown} listener
 */
function plainAsSecure(endpoint, options, listener) {
  const socket = net.connect(endpoint);
  const protocols = Array.isArray(options.ALPNProtocols) ? options.ALPNProtocols : [];
  Object.assign(socket, {
    encrypted: true,
    authorized: true,
    secureConnecting: true,
    alpnProtocol: protocols.includes("h2") ? "h2" : false,
    servername: options.servername ?? options.host,
    getPeerCertificate: () => ({}),
    getCipher: () => ({ name: "none", standardName: "none", version: "none" }),
    getProtocol: () => "none",
    getSession: () => undefined,
    isSessionReused: () => false,
    setServername: () => undefined,
    disableRenegotiation: () => undefined,
  });
  socket.once("connect", () => {
    /** @type {{ secureConnecting?: boolean }} */ (socket).secureConnecting = false;
    socket.emit("secureConnect");
  });
  if (typeof listener === "function") socket.once("secureConnect", /** @type {() => void} */ (listener));
  return socket;
}
