// The Node.js runtime: what runs in a function's own process and speaks the Runtime API for its handler.
//
// It is started as `node bootstrap.js` (18 or later) and uses nothing but Node's own modules; HTTP is spoken on a bare
// socket, since loading Node's HTTP client would be a good part of a cold start.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const util = require("node:util");
const { pathToFileURL } = require("node:url");

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const environment = process.env;
const asJson = (environment.AWS_LAMBDA_LOG_FORMAT || "").toUpperCase() === "JSON";
const leastLevel = asJson ? Math.max(0, LEVELS.indexOf((environment.AWS_LAMBDA_LOG_LEVEL || "TRACE").toUpperCase())) : 0;
let requestId; // of the invocation under way

// Errors that the runtime words, not the function.

class Fault extends Error {
  constructor(kind, message) {
    super(message);
    this.name = `Runtime.${kind}`;
  }
}

function described(failure) {
  if (util.types.isNativeError(failure) || (failure && failure.stack && failure.name && failure.message)) {
    return { errorType: failure.name, errorMessage: failure.message, trace: String(failure.stack).split("\n") };
  }
  return { errorType: typeof failure, errorMessage: String(failure), trace: [] };
}

function forLog(failure) {
  if (!util.types.isNativeError(failure)) return failure;
  const shown = { errorType: failure.name, errorMessage: failure.message, ...failure };
  if (typeof failure.stack === "string") shown.stack = failure.stack.split("\n");
  return shown;
}

// What is printed: each message is one event, of however many lines (see output.py for the frame).

function writeOut(message) {
  const body = Buffer.from(message);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(asJson ? 0xa55a0002 : 0xa55a0003, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(Buffer.concat([head, body]));
}

function writeAll(bytes) {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (failure) {
      if (failure.code !== "EAGAIN") throw failure;
    }
  }
}

function print(level, message, ...parameters) {
  if (LEVELS.indexOf(level) < leastLevel) return;
  const timestamp = new Date().toISOString();
  if (!asJson) {
    writeOut([timestamp, requestId, level, util.format(message, ...parameters)].join("\t"));
    return;
  }
  const shown = { timestamp, level, requestId };
  shown.message = parameters.length ? util.format(message, ...parameters) : message;
  const failure = parameters.find(util.types.isNativeError);
  if (failure) Object.assign(shown, jsonError(failure));
  writeOut(stringified(shown));
}

function stringified(shown) {
  try {
    return JSON.stringify(shown, (_, value) => (util.types.isNativeError(value) ? jsonError(value) : value));
  } catch {
    return JSON.stringify({ ...shown, message: util.format(shown.message) });
  }
}

function jsonError(failure) {
  const stackTrace = typeof failure.stack === "string" ? failure.stack.split("\n") : [];
  return { errorType: failure.name, errorMessage: failure.message, stackTrace, ...failure };
}

function logError(title, failure) {
  if (asJson) print("ERROR", failure);
  else print("ERROR", `${title}\t${JSON.stringify(forLog(failure))}`);
}

function patchConsole() {
  const levels = { log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", fatal: "FATAL" };
  for (const [name, level] of Object.entries(levels)) console[name] = print.bind(null, level);
  console.trace = (message, ...parameters) => {
    const stack = new Error().stack.split("\n").slice(2).join("\n");
    print("TRACE", util.format(message, ...parameters) + "\n" + stack);
  };
}

// The Runtime API, on one connection that is kept.

class RuntimeApi {
  constructor(address) {
    const [host, port] = address.split(":");
    this.address = address;
    this.received = Buffer.alloc(0);
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.socket.on("data", (chunk) => this.receive(chunk));
    this.socket.on("error", () => process.exit(0));
    this.socket.on("close", () => process.exit(0));
  }

  next() {
    return this.ask("GET", "invocation/next", {}, Buffer.alloc(0));
  }

  respond(id, text) {
    return this.ask("POST", `invocation/${id}/response`, { "Content-Type": "application/json" }, Buffer.from(text));
  }

  fail(where, failure) {
    const error = described(failure);
    const type = error.errorType.replace(/[^\x20-\x7e]/g, "?");
    const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": type };
    return this.ask("POST", `${where}/error`, headers, Buffer.from(JSON.stringify(error)));
  }

  ask(method, where, headers, body) {
    const head = this.head(method, where, { ...headers, "Content-Length": body.length });
    this.socket.write(body.length ? Buffer.concat([head, body]) : head);
    return this.answer();
  }

  head(method, where, headers) {
    const lines = Object.entries({ Host: this.address, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`${method} /2018-06-01/runtime/${where} HTTP/1.1\r\n${lines.join("")}\r\n`);
  }

  answer() {
    return new Promise((resolve) => (this.answered = resolve));
  }

  receive(chunk) {
    this.received = this.received.length ? Buffer.concat([this.received, chunk]) : chunk;
    const end = this.received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = {};
    for (const line of this.received.toString("latin1", 0, end).split("\r\n").slice(1)) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const last = end + 4 + Number(headers["content-length"] || 0);
    if (this.received.length < last) return;
    const body = this.received.subarray(end + 4, last);
    this.received = this.received.subarray(last);
    this.answered({ headers, body });
  }
}

// A response that is sent while it is written.

function responseStream(api, id) {
  const { Writable } = require("node:stream");
  let type = "application/octet-stream";
  let begun = false;
  const begin = () => {
    begun = true;
    stream.answer = api.answer();
    const trailers = "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body";
    api.socket.write(
      api.head("POST", `invocation/${id}/response`, {
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Content-Type": type,
        "Transfer-Encoding": "chunked",
        Trailer: trailers,
      }),
    );
  };
  const send = (bytes, done) => {
    if (!bytes.length) return done && done();
    const head = `${bytes.length.toString(16)}\r\n`;
    return api.socket.write(Buffer.concat([Buffer.from(head), bytes, Buffer.from("\r\n")]), done);
  };
  const stream = new Writable({
    decodeStrings: true,
    write(chunk, _, done) {
      if (!begun) {
        begin();
        if (stream._onBeforeFirstWrite) stream._onBeforeFirstWrite((bytes) => send(Buffer.from(bytes)));
      }
      send(chunk, done);
    },
    final(done) {
      if (!begun) begin();
      api.socket.write(`0\r\n${stream.trailers || ""}\r\n`, done);
    },
  });
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    const isBytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    return write(isBytes ? chunk : JSON.stringify(chunk), ...rest);
  };
  stream.setContentType = (given) => {
    if (begun) throw new Fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    type = given;
  };
  stream.hasBegun = () => begun;
  return stream;
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (options && options.highWaterMark !== undefined) handler.highWaterMark = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, metadata) {
      stream.setContentType(PRELUDE_TYPE);
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
      };
      return stream;
    }
  },
};

// The handler

async function findHandler(root, name) {
  if (name.includes("..")) {
    const advice = "Use absolute paths when specifying root directories in handler names.";
    throw new Fault("MalformedHandlerName", `'${name}' is not a valid handler name. ${advice}`);
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const [, file, exported] = base.match(/^([^.]*)\.(.*)$/) || [];
  if (!exported) throw new Fault("MalformedHandlerName", "Bad handler");
  let found = await loaded(root, folder, file);
  for (const key of exported.split(".")) found = found && found[key];
  if (!found) throw new Fault("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof found !== "function") throw new Fault("HandlerNotFound", `${name} is not a function`);
  return found;
}

async function loaded(root, folder, file) {
  try {
    return await load(root, folder, file);
  } catch (failure) {
    if (failure instanceof SyntaxError) throw new Fault("UserCodeSyntaxError", String(failure));
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(failure && failure.code)) {
      throw new Fault("ImportModuleError", String(failure));
    }
    throw failure;
  }
}

async function load(root, folder, file) {
  const place = path.resolve(root, folder, file);
  const isModule = fs.existsSync(`${place}.js`) && isOfModules(path.dirname(place));
  if (isModule) return import(pathToFileURL(`${place}.js`).href);
  if (fs.existsSync(`${place}.js`)) return require(`${place}.js`);
  if (fs.existsSync(`${place}.mjs`)) return import(pathToFileURL(`${place}.mjs`).href);
  if (fs.existsSync(`${place}.cjs`)) return require(`${place}.cjs`);
  return require(require.resolve(file, { paths: [root, path.resolve(root, folder)] }));
}

// Whether the nearest package.json says that its .js files are ECMAScript modules.
function isOfModules(folder) {
  for (;;) {
    const manifest = path.join(folder, "package.json");
    if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, "utf8")).type === "module";
    const above = path.dirname(folder);
    if (above === folder || path.basename(folder) === "node_modules") return false;
    folder = above;
  }
}

function told(headers, name) {
  return headers[name] ? JSON.parse(headers[name]) : undefined;
}

function makeContext(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: told(headers, "lambda-runtime-client-context"),
    identity: told(headers, "lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// What a handler that calls back, or returns a promise, comes to.
function outcome(handler, event, context) {
  return new Promise((resolve, reject) => {
    const idle = (settle) => process.once("beforeExit", settle);
    const nothing = () => resolve(null);
    idle(nothing); // neither called back nor promised anything, and nothing is left to do
    const end = (settle, value, waits) => {
      process.removeListener("beforeExit", nothing);
      if (waits) idle(() => settle(value));
      else settle(value);
    };
    const callback = (failure, result) => {
      if (failure !== undefined && failure !== null) end(reject, failure, false);
      else end(resolve, result, context.callbackWaitsForEmptyEventLoop);
    };
    context.done = (failure, result) => (failure ? end(reject, failure, false) : end(resolve, result, false));
    context.succeed = (result) => end(resolve, result, false);
    context.fail = (failure) => end(reject, failure === undefined || failure === null ? "handled" : failure, false);
    const returned = handler(event, context, callback);
    if (returned && typeof returned.then === "function") returned.then(context.succeed, context.fail);
  });
}

async function answerAtOnce(api, handler, event, context) {
  const result = await outcome(handler, event, context);
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (failure) {
    throw new Error("Unable to stringify response body");
  }
  api.socket.ref();
  await api.respond(context.awsRequestId, text === undefined ? "null" : text);
}

async function answerInParts(api, handler, event, context) {
  const stream = responseStream(api, context.awsRequestId);
  const finished = new Promise((resolve) => stream.once("finish", resolve));
  api.socket.ref();
  try {
    await handler(event, stream, context);
  } catch (failure) {
    if (!stream.hasBegun()) throw failure;
    logError("Invoke Error ", failure);
    const body = Buffer.from(JSON.stringify(described(failure))).toString("base64");
    const name = "Lambda-Runtime-Function-Error";
    stream.trailers = `${name}-Type: ${described(failure).errorType}\r\n${name}-Body: ${body}\r\n`;
  }
  stream.end();
  await finished;
  await stream.answer;
}

async function serve(api, handler) {
  const answer = handler[STREAMING] === "response" ? answerInParts : answerAtOnce;
  for (;;) {
    api.socket.ref();
    const { headers, body } = await api.next();
    requestId = headers["lambda-runtime-aws-request-id"];
    environment._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] || "";
    api.socket.unref(); // so that Node notices when the handler has nothing left to do
    try {
      await answer(api, handler, JSON.parse(body.toString()), makeContext(headers));
    } catch (failure) {
      logError("Invoke Error ", failure);
      api.socket.ref();
      await api.fail(`invocation/${requestId}`, failure);
    }
  }
}

function endWith(api, title, failure, status) {
  logError(title, failure);
  api.socket.ref();
  api.fail(requestId ? `invocation/${requestId}` : "init", failure).then(() => process.exit(status));
}

async function main() {
  patchConsole();
  const api = new RuntimeApi(environment.AWS_LAMBDA_RUNTIME_API);
  process.on("uncaughtException", (failure) => endWith(api, "Uncaught Exception ", failure, 129));
  process.on("unhandledRejection", (reason) => {
    const failure = new Fault("UnhandledPromiseRejection", String(reason));
    failure.reason = reason;
    endWith(api, "Unhandled Promise Rejection ", failure, 128);
  });
  try {
    await serve(api, await findHandler(environment.LAMBDA_TASK_ROOT, environment._HANDLER));
  } catch (failure) {
    endWith(api, "Uncaught Exception ", failure, 129);
  }
}

main();
