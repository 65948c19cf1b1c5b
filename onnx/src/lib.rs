//! Writes ONNX models: the messages of the format, as far as they are needed, and a builder of graphs.
//!
//! The messages are those of [onnx.proto](https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), encoded by `prost`.

#![forbid(unsafe_code)]

mod graph;
mod messages;
mod short;

pub use graph::{Graph, Setting, Value};
