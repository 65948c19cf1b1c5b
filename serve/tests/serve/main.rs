//! `ser-serve` as its callers meet it: over HTTP and over a WebSocket.

mod client;
mod http;
mod overload;
mod stop;
mod stream;
