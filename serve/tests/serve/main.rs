//! `ser-serve` as its callers meet it: over HTTP and over a WebSocket.

#[path = "../../../tests/browser/mod.rs"]
mod browser;
mod client;
mod http;
mod overload;
mod page;
mod speaker;
mod stop;
mod stream;
