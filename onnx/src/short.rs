//! Short names for the operators that arithmetic of shapes and lengths takes many of.

use crate::{Graph, Setting, Value};

impl Graph {
    /// A sum, element by element; extents of 1 are stretched, here and below.
    pub fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Add", &[a, b], &[])
    }

    /// A difference.
    pub fn sub(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Sub", &[a, b], &[])
    }

    /// A product.
    pub fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Mul", &[a, b], &[])
    }

    /// A quotient; of whole numbers from 0 up, rounded down.
    pub fn div(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Div", &[a, b], &[])
    }

    /// A quotient of whole numbers from 0 up, rounded up.
    pub fn div_ceil(&mut self, a: &Value, b: &Value) -> Value {
        let one = self.int(1);
        let sum = self.add(a, b);
        let most = self.sub(&sum, &one);
        self.div(&most, b)
    }

    /// The larger one.
    pub fn max(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Max", &[a, b], &[])
    }

    /// The smaller one.
    pub fn min(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Min", &[a, b], &[])
    }

    /// Whether one is less than the other.
    pub fn less(&mut self, a: &Value, b: &Value) -> Value {
        self.op("Less", &[a, b], &[])
    }

    /// One where the condition holds, the other elsewhere.
    pub fn choose(&mut self, condition: &Value, yes: &Value, no: &Value) -> Value {
        self.op("Where", &[condition, yes, no], &[])
    }

    /// A product of matrices.
    pub fn matmul(&mut self, a: &Value, b: &Value) -> Value {
        self.op("MatMul", &[a, b], &[])
    }

    /// A constant whole number.
    pub fn int(&mut self, value: i64) -> Value {
        let name = format!("i{}", self.len());
        self.ints(&name, &[], &[value])
    }

    /// New axes of extent 1, where they stand in the result.
    pub fn unsqueeze(&mut self, x: &Value, axes: &[i64]) -> Value {
        let axes = self.list(axes);
        self.op("Unsqueeze", &[x, &axes], &[])
    }

    /// Another shape: 0 keeps an extent, -1 is what is left.
    pub fn reshape(&mut self, x: &Value, extents: &[i64]) -> Value {
        let extents = self.list(extents);
        self.op("Reshape", &[x, &extents], &[])
    }

    /// An extent of a value, a scalar.
    pub fn extent(&mut self, x: &Value, axis: i64) -> Value {
        let shape = self.op("Shape", &[x], &[("start", Setting::Int(axis)), ("end", Setting::Int(axis + 1))]);
        let first = self.list(&[0]);
        self.op("Squeeze", &[&shape, &first], &[])
    }

    /// Whole numbers from 0 to before `end`, a scalar.
    pub fn range(&mut self, end: &Value) -> Value {
        let (zero, one) = (self.int(0), self.int(1));
        self.op("Range", &[&zero, end, &one], &[])
    }

    /// The places along an axis of a value, `[extent]`: whole numbers from 0. A running sum of ones, and no range, whose end runtimes such
    /// as tract want to know before they run.
    pub fn places(&mut self, x: &Value, axis: i64) -> Value {
        let extent = self.op("Shape", &[x], &[("start", Setting::Int(axis)), ("end", Setting::Int(axis + 1))]);
        let one = self.list(&[1]);
        let ones = self.op("Expand", &[&one, &extent], &[]);
        let first = self.int(0);
        self.op("CumSum", &[&ones, &first], &[("exclusive", Setting::Int(1))])
    }

    /// The sum over axes, which stay with an extent of 1.
    pub fn sum(&mut self, x: &Value, axes: &[i64]) -> Value {
        let axes = self.list(axes);
        self.op("ReduceSum", &[x, &axes], &[("keepdims", Setting::Int(1))])
    }

    /// The largest over axes, which stay with an extent of 1.
    pub fn largest(&mut self, x: &Value, axes: &[i64]) -> Value {
        self.op("ReduceMax", &[x], &[("axes", Setting::Ints(axes)), ("keepdims", Setting::Int(1))])
    }

    /// The largest of all, a scalar.
    pub fn largest_of_all(&mut self, x: &Value) -> Value {
        self.op("ReduceMax", &[x], &[("keepdims", Setting::Int(0))])
    }

    /// Axes in another order.
    pub fn transpose(&mut self, x: &Value, order: &[i64]) -> Value {
        self.op("Transpose", &[x], &[("perm", Setting::Ints(order))])
    }
}
