//! A graph in the making.

use prost::Message as _;

use crate::messages::{
    Attribute, DOUBLE, Dimension, Entry, Extent, FLOAT, GraphProto, HALF, INT8, INT64, Model, Node, OperatorSet, Shape,
    Tensor, TensorType, Type, ValueInfo,
};

/// The operators' version.
const OPSET: i64 = 17;
/// The format's version: the first that goes with those operators.
const IR_VERSION: i64 = 8;

/// Something that flows: an input, a constant, or what an operator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// What is left out where an operator's input is optional.
    #[must_use]
    pub fn none() -> Self {
        Self(String::new())
    }
}

/// A graph in the making: operators are added in the order in which they work.
#[derive(Debug, Default)]
pub struct Graph(GraphProto);

impl Graph {
    /// An empty one.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(GraphProto { name: name.to_owned(), ..GraphProto::default() })
    }

    /// An input of numbers in single precision; extents are numbers, or names where any number will do.
    pub fn float_input(&mut self, name: &str, extents: &[&str], about: &str) -> Value {
        self.input(name, FLOAT, extents, about)
    }

    /// An input of whole numbers of 64 bits.
    pub fn int_input(&mut self, name: &str, extents: &[&str], about: &str) -> Value {
        self.input(name, INT64, extents, about)
    }

    fn input(&mut self, name: &str, kind: i32, extents: &[&str], about: &str) -> Value {
        self.0.input.push(info(name, kind, extents, about));
        Value(name.to_owned())
    }

    /// Names a value as an output of numbers in single precision.
    pub fn float_output(&mut self, name: &str, value: &Value, extents: &[&str], about: &str) {
        self.0.node.push(Node {
            input: vec![value.0.clone()],
            output: vec![name.to_owned()],
            name: format!("{name}_out"),
            op_type: "Identity".into(),
            attribute: Vec::new(),
        });
        self.0.output.push(info(name, FLOAT, extents, about));
    }

    /// A constant of numbers in single precision, row after row.
    pub fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> Value {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, FLOAT, dims, raw_data)
    }

    /// A constant of whole numbers.
    pub fn ints(&mut self, name: &str, dims: &[usize], values: &[i64]) -> Value {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, INT64, dims, raw_data)
    }

    /// A constant of whole numbers of 8 bits.
    pub fn bytes(&mut self, name: &str, dims: &[usize], values: &[i8]) -> Value {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, INT8, dims, raw_data)
    }

    /// A constant that is one number.
    pub fn scalar(&mut self, value: f32) -> Value {
        let name = format!("c{}", self.0.initializer.len());
        self.floats(&name, &[], &[value])
    }

    /// A constant that is one number in double precision.
    pub fn double(&mut self, value: f64) -> Value {
        let name = format!("c{}", self.0.initializer.len());
        self.constant(&name, DOUBLE, &[], value.to_le_bytes().to_vec())
    }

    /// A constant of numbers in double precision, row after row.
    pub fn doubles(&mut self, name: &str, dims: &[usize], values: &[f64]) -> Value {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, DOUBLE, dims, raw_data)
    }

    /// A constant list of whole numbers, as axes and shapes are.
    pub fn list(&mut self, values: &[i64]) -> Value {
        let name = format!("c{}", self.0.initializer.len());
        self.ints(&name, &[values.len()], values)
    }

    fn constant(&mut self, name: &str, data_type: i32, dims: &[usize], raw_data: Vec<u8>) -> Value {
        let dims = dims.iter().map(|&extent| extent as i64).collect();
        self.0.initializer.push(Tensor { dims, data_type, name: name.to_owned(), raw_data });
        Value(name.to_owned())
    }

    /// How many operators and constants there are: what a new one's name may end in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.node.len() + self.0.initializer.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What an operator gives, one of which there is.
    pub fn op(&mut self, operator: &str, inputs: &[&Value], attributes: &[(&str, Setting<'_>)]) -> Value {
        self.outputs(operator, inputs, attributes, 1).remove(0)
    }

    /// What an operator gives, the first `count` of it.
    pub fn outputs(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attributes: &[(&str, Setting<'_>)],
        count: usize,
    ) -> Vec<Value> {
        let number = self.0.node.len();
        let name = format!("{}_{number}", operator.to_lowercase());
        let output: Vec<String> = (0..count).map(|i| format!("{name}_{i}")).collect();
        self.0.node.push(Node {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: output.clone(),
            name,
            op_type: operator.to_owned(),
            attribute: attributes.iter().map(|(name, setting)| setting.named(name)).collect(),
        });
        output.into_iter().map(Value).collect()
    }

    /// The value as whole numbers of 64 bits.
    pub fn int64_of(&mut self, value: &Value) -> Value {
        self.op("Cast", &[value], &[("to", Setting::Int(INT64.into()))])
    }

    /// The value as numbers of 16 bits.
    pub fn half_of(&mut self, value: &Value) -> Value {
        self.op("Cast", &[value], &[("to", Setting::Int(HALF.into()))])
    }

    /// The value as numbers in single precision.
    pub fn float_of(&mut self, value: &Value) -> Value {
        self.op("Cast", &[value], &[("to", Setting::Int(FLOAT.into()))])
    }

    /// The value as numbers in double precision.
    pub fn double_of(&mut self, value: &Value) -> Value {
        self.op("Cast", &[value], &[("to", Setting::Int(DOUBLE.into()))])
    }

    /// The bytes of a model's file, with what is said of it by key.
    #[must_use]
    pub fn finish(self, producer: (&str, &str), about: &str, said: &[(&str, String)]) -> Vec<u8> {
        let entry = |(key, value): &(&str, String)| Entry { key: (*key).to_owned(), value: value.clone() };
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: producer.0.to_owned(),
            producer_version: producer.1.to_owned(),
            doc_string: about.to_owned(),
            graph: Some(self.0),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
            metadata_props: said.iter().map(entry).collect(),
        };
        model.encode_to_vec()
    }
}

/// A setting of an operator.
#[derive(Debug, Clone, Copy)]
pub enum Setting<'a> {
    /// A number.
    Float(f32),
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(&'a [i64]),
    /// Text.
    Text(&'a str),
}

impl Setting<'_> {
    fn named(self, name: &str) -> Attribute {
        let empty = Attribute { name: name.to_owned(), ..Attribute::default() };
        match self {
            Self::Float(f) => Attribute { f, kind: 1, ..empty },
            Self::Int(i) => Attribute { i, kind: 2, ..empty },
            Self::Text(text) => Attribute { s: text.as_bytes().to_vec(), kind: 3, ..empty },
            Self::Ints(ints) => Attribute { ints: ints.to_vec(), kind: 7, ..empty },
        }
    }
}

fn info(name: &str, elem_type: i32, extents: &[&str], about: &str) -> ValueInfo {
    let dimension = |extent: &&str| Dimension {
        extent: Some(match extent.parse() {
            Ok(value) => Extent::Value(value),
            Err(_) => Extent::Name((*extent).to_owned()),
        }),
    };
    let shape = Shape { dim: extents.iter().map(dimension).collect() };
    let kind = Type { tensor: Some(TensorType { elem_type, shape: Some(shape) }) };
    ValueInfo { name: name.to_owned(), kind: Some(kind), doc_string: about.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_encoded_as_the_format_says_and_read_back() {
        let mut graph = Graph::new("sum");
        let x = graph.float_input("x", &["batch", "3"], "numbers");
        let one = graph.floats("one", &[1, 3], &[1.0, 2.0, -0.5]);
        let sum = graph.op("Add", &[&x, &one], &[]);
        let total = graph.op("ReduceSum", &[&sum, &Value::none()], &[("keepdims", Setting::Int(0))]);
        graph.float_output("y", &total, &[], "their sum");
        let bytes = graph.finish(("ser", "1"), "a sum", &[("classes", "a,b".into())]);
        // Field 1, a number: the version of the format.
        assert_eq!(bytes[..2], [0x08, 8]);
        let model = Model::decode(bytes.as_slice()).unwrap();
        let graph = model.graph.unwrap();
        assert_eq!(
            graph.node.iter().map(|node| node.op_type.as_str()).collect::<Vec<_>>(),
            ["Add", "ReduceSum", "Identity"]
        );
        assert_eq!(graph.node[1].input, [graph.node[0].output[0].clone(), String::new()]);
        assert_eq!(graph.initializer[0].raw_data[4..8], 2.0f32.to_le_bytes());
        assert_eq!((graph.input[0].name.as_str(), graph.output[0].name.as_str()), ("x", "y"));
        assert_eq!(model.metadata_props[0].value, "a,b");
    }
}
