//! `ser-serve` as its callers meet it: over HTTP, over a WebSocket, in a browser.

#[path = "../../../tests/browser/mod.rs"]
#[allow(dead_code)] // what other pages need
mod browser;
mod client;
mod http;
mod overload;
mod page;
mod stop;
mod stream;
