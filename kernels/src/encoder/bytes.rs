//! A dense layer whose weights are whole numbers of 8 bits with a factor for each output. What goes in is rounded to 8 bits,
//! too, with a factor for each row.
//!
//! Sums of products of whole numbers are exact, whatever their order, and all that is rounded is rounded by the same
//! operations: the same bits at every level.

use std::ops::Range;

use crate::encoder::packed::{Begin, Rows};
use crate::level::{Level, Set};
use crate::panel::{PANEL, Start, panels};
use crate::simd::{LANES, ROUNDER, fma};

/// The greatest whole number that is used, and the least but for its sign. Without -128, no pair of products that AVX2 sums
/// in 16 bits overflows.
const MOST: f32 = 127.0;

/// Inputs that an instruction sums at once.
const GROUP: usize = 4;

/// A cache line of whole numbers.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([i8; 64]);

/// A dense layer `x · weightᵀ + bias`, ready for its product. The outputs are filled up to a multiple of [`LANES`], the inputs
/// to one of [`GROUP`], with zero weights.
#[derive(Clone)]
pub struct Bytes {
    /// Filled up.
    inputs: usize,
    /// The panels of `weightᵀ`: `[panel][group of inputs][column of the panel][input of the group]`.
    weights: Vec<Line>,
    /// What a whole number of each output stands for.
    factors: Vec<f32>,
    bias: Vec<f32>,
}

/// Rows that are rounded to whole numbers.
pub struct Rounded {
    /// Numbers in a row, a multiple of [`GROUP`].
    width: usize,
    values: Vec<i8>,
    /// What a whole number of each row stands for.
    factors: Vec<f32>,
    /// The sum of each row's whole numbers.
    sums: Vec<i32>,
}

/// Numbers that are less count for nothing: their inverse would not be finite.
const LEAST: f32 = 1e-30;

/// What the whole numbers stand for with which the greatest of `values` becomes [`MOST`], and its inverse; zeros where all
/// count for nothing.
#[inline(always)]
fn factor(values: &[f32]) -> (f32, f32) {
    let greater = |most: f32, x: f32| if x.abs() > most { x.abs() } else { most };
    let mut most = [0f32; 32];
    let (blocks, rest) = values.as_chunks::<32>();
    for block in blocks {
        most.iter_mut().zip(block).for_each(|(most, x)| *most = greater(*most, *x));
    }
    let most = most.into_iter().chain(rest.iter().copied()).fold(0f32, greater);
    if most > LEAST { (most / MOST, MOST / most) } else { (0.0, 0.0) }
}

/// The whole number next to `x`, which must lie between plus and minus [`MOST`].
#[inline(always)]
fn rounded(x: f32) -> i8 {
    (x + ROUNDER).to_bits() as i8
}

impl Rounded {
    /// Rounds rows, the last group of each filled up with zeros.
    ///
    /// # Safety
    /// `x` has so many rows of `columns` readable numbers, which no other thread writes.
    pub unsafe fn new(x: Rows, columns: usize) -> Self {
        let width = columns.next_multiple_of(GROUP);
        let mut to = Self {
            width,
            values: vec![0; x.count * width],
            factors: Vec::with_capacity(x.count),
            sums: Vec::with_capacity(x.count),
        };
        crate::wide(
            #[inline(always)]
            || {
                for (row, values) in to.values.chunks_exact_mut(width).enumerate() {
                    // SAFETY: the caller guarantees row `row` of so many numbers.
                    let from = unsafe { std::slice::from_raw_parts(x.first.add(row * x.stride), columns) };
                    let (factor, inverse) = factor(from);
                    let mut sum = 0i32;
                    for (to, x) in values.iter_mut().zip(from) {
                        *to = rounded(x * inverse);
                        sum += i32::from(*to);
                    }
                    to.factors.push(factor);
                    to.sums.push(sum);
                }
            },
        );
        to
    }
}

impl Bytes {
    /// A layer whose weights to output `o` are about those that `row` writes into zeros: rounded to whole numbers of each
    /// output.
    pub fn new([outputs, inputs]: [usize; 2], row: impl Fn(usize, &mut [f32]), bias: impl Fn(usize) -> f32) -> Self {
        let (width, padded) = (outputs.next_multiple_of(LANES), inputs.next_multiple_of(GROUP));
        let mut weights = vec![Line([0; 64]); width * padded / 64];
        let values: &mut [i8] = weights.as_flattened_lines();
        let mut factors = vec![0.0; width];
        let (mut own, mut whole) = (vec![0.0; inputs], vec![0i8; padded]);
        for part in panels(width) {
            let panel = &mut values[part.start * padded..part.end * padded];
            let real = part.start..part.end.min(outputs);
            for (column, (output, of_output)) in real.clone().zip(&mut factors[real]).enumerate() {
                own.fill(0.0);
                row(output, &mut own);
                *of_output = crate::wide(
                    #[inline(always)]
                    || {
                        let (factor, inverse) = factor(&own);
                        whole.iter_mut().zip(&own).for_each(|(whole, x)| *whole = rounded(x * inverse));
                        factor
                    },
                );
                for (group, whole) in whole.as_chunks::<GROUP>().0.iter().enumerate() {
                    let at = (group * part.len() + column) * GROUP;
                    panel[at..at + GROUP].copy_from_slice(whole);
                }
            }
        }
        let mut bias: Vec<f32> = (0..outputs).map(bias).collect();
        bias.resize(width, 0.0);
        Self { inputs: padded, weights, factors, bias }
    }

    /// Numbers that a row gives, a multiple of [`LANES`].
    pub fn width(&self) -> usize {
        self.bias.len()
    }

    /// The bias, zeros behind it up to the width.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The outputs `columns` of the layer for the rows `x`, which are the inputs from `first` on; other inputs count for
    /// nothing. `to` is where the first row's output `columns.start` goes.
    ///
    /// # Safety
    ///
    /// `to` has so many rows of `columns.len()` writable numbers, which no other thread touches.
    ///
    /// # Panics
    ///
    /// If `columns` or the inputs are beyond the layer, `columns` does not start and end at a panel, or `first` is none of a
    /// group.
    pub unsafe fn multiply(
        &self,
        level: Level,
        x: &Rounded,
        (columns, first): (Range<usize>, usize),
        (to, to_stride): (*mut f32, usize),
        begin: Begin,
    ) {
        assert!(columns.end <= self.width() && first + x.width <= self.inputs, "within the layer");
        assert!(first.is_multiple_of(GROUP), "whole groups");
        assert!(
            columns.start.is_multiple_of(PANEL) && (columns.end.is_multiple_of(PANEL) || columns.end == self.width()),
            "whole panels"
        );
        let dots = Dots::of(level);
        for part in panels(self.width()).filter(|part| columns.contains(&part.start)) {
            // SAFETY: the panel lies within the layer's weights, which the assertions above see; rows, their factors and
            // sums are as many as `x` has; the caller vouches for `to`.
            unsafe {
                let start = match begin {
                    Begin::Bias => Start::Row(self.bias[part.start..].as_ptr()),
                    Begin::Sum => Start::Sum,
                };
                dots.multiply(Panel {
                    rows: x.factors.len(),
                    columns: part.len(),
                    groups: x.width / GROUP,
                    a: x.values.as_ptr(),
                    a_row: x.width,
                    a_factors: x.factors.as_ptr(),
                    a_sums: x.sums.as_ptr(),
                    b: self.weights.as_ptr().cast::<i8>().add(part.start * self.inputs + first * part.len()),
                    b_factors: self.factors[part.start..].as_ptr(),
                    c: to.add(part.start - columns.start),
                    c_row: to_stride,
                    start,
                });
            }
        }
    }
}

/// The whole numbers of cache lines.
trait Flat {
    fn as_flattened_lines(&mut self) -> &mut [i8];
}

impl Flat for [Line] {
    fn as_flattened_lines(&mut self) -> &mut [i8] {
        // SAFETY: a line is 64 numbers without anything between them, its alignment being its size.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), self.len() * 64) }
    }
}

/// `C[rows, columns] = start + factors · A[rows, 4 groups] B[4 groups, columns]`
#[derive(Clone, Copy)]
struct Panel {
    rows: usize,
    /// A multiple of [`LANES`].
    columns: usize,
    groups: usize,
    /// Rows of whole numbers, `a_row` from one to the next.
    a: *const i8,
    a_row: usize,
    /// A number for each row.
    a_factors: *const f32,
    a_sums: *const i32,
    /// `[group][column][input of the group]`.
    b: *const i8,
    /// A number for each column.
    b_factors: *const f32,
    c: *mut f32,
    c_row: usize,
    /// What the sums start from.
    start: Start,
}

/// What sums products of whole numbers.
#[derive(Clone, Copy)]
enum Dots {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with VNNI. Only [`Dots::of`] makes one, where the processor has it.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Dots {
    fn of(level: Level) -> Self {
        match level.set() {
            Set::Portable => Self::Portable,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 if is_x86_feature_detected!("avx512vnni") => Self::Vnni,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 | Set::Avx512 => Self::Avx2,
        }
    }

    /// Computes a [`Panel`].
    ///
    /// # Safety
    /// Everything that the pointers, strides and sizes describe is readable (`c`: writable), and no other thread touches that
    /// part of C.
    unsafe fn multiply(self, panel: Panel) {
        // SAFETY: the caller vouches for the panel, [`Dots::of`] for the processor.
        unsafe {
            match self {
                Self::Portable => portable(panel),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => x86::avx2(panel),
                #[cfg(target_arch = "x86_64")]
                Self::Vnni => x86::vnni(panel),
            }
        }
    }
}

/// # Safety
/// As [`Dots::multiply`].
unsafe fn portable(panel: Panel) {
    let Panel { rows, columns, groups, a, a_row, a_factors, b, b_factors, c, c_row, start, .. } = panel;
    for row in 0..rows {
        for column in (0..columns).step_by(LANES) {
            let mut sums = [0i32; LANES];
            for group in 0..groups {
                // SAFETY: the caller guarantees the group of the row and of these columns.
                let (a, b) = unsafe {
                    let a = a.add(row * a_row + group * GROUP).cast::<[i8; GROUP]>().read_unaligned();
                    (a, &*b.add((group * columns + column) * GROUP).cast::<[[i8; GROUP]; LANES]>())
                };
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum += a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>();
                }
            }
            for (lane, &sum) in sums.iter().enumerate() {
                // SAFETY: the caller guarantees the row, the columns, their factors and what they start from.
                unsafe {
                    let to = c.add(row * c_row + column + lane);
                    let from = match start {
                        Start::Zero => 0.0,
                        Start::Row(from) => *from.add(column + lane),
                        Start::Sum => *to,
                    };
                    let factor = *a_factors.add(row) * *b_factors.add(column + lane);
                    *to = fma(sum as f32, factor, from);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{GROUP, Panel, Start};

    /// Calls the tile of each height: `$tile::<rows, $columns>`.
    macro_rules! heights {
        ($tile:ident, $columns:literal, $panel:ident, $column:ident, $most:literal: $($rows:literal)*) => {{
            let tiles = $panel.rows.div_ceil($most);
            let mut row = 0;
            for tile in 0..tiles {
                // Tiles of nearly the same height, rather than full ones and a small rest.
                let height = ($panel.rows - row).div_ceil(tiles - tile);
                match height {
                    $($rows => $tile::<$rows, $columns>(&$panel, row, $column),)*
                    _ => unreachable!("a tile of {height} rows"),
                }
                row += height;
            }
        }};
    }

    /// # Safety
    /// As `Dots::multiply`; the processor has these instruction sets.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    pub unsafe fn vnni(panel: Panel) {
        let mut column = 0;
        while column < panel.columns {
            // SAFETY: rows and columns of as many registers are within the panel.
            unsafe {
                match (panel.columns - column) / 16 {
                    4.. => {
                        heights!(vnni_tile, 4, panel, column, 6: 1 2 3 4 5 6);
                        column += 64;
                    }
                    2.. => {
                        heights!(vnni_tile, 2, panel, column, 6: 1 2 3 4 5 6);
                        column += 32;
                    }
                    _ => {
                        heights!(vnni_tile, 1, panel, column, 6: 1 2 3 4 5 6);
                        column += 16;
                    }
                }
            }
        }
    }

    /// # Safety
    /// Rows `row..row + ROWS` and `COLUMNS` registers from `column` on are within the panel; the processor has VNNI.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    unsafe fn vnni_tile<const ROWS: usize, const COLUMNS: usize>(panel: &Panel, row: usize, column: usize) {
        let sign = _mm512_set1_epi8(-128);
        // SAFETY: as the caller guarantees.
        unsafe {
            let mut sums = [[_mm512_setzero_si512(); COLUMNS]; ROWS];
            for (r, sums) in sums.iter_mut().enumerate() {
                // The instruction takes one side without a sign: each weight is 128 more than it should be.
                *sums = [_mm512_set1_epi32(-128 * *panel.a_sums.add(row + r)); COLUMNS];
            }
            let mut a = panel.a.add(row * panel.a_row);
            let mut b = panel.b.add(column * GROUP);
            for _ in 0..panel.groups {
                let mut factors = [_mm512_setzero_si512(); ROWS];
                for (r, factor) in factors.iter_mut().enumerate() {
                    *factor = _mm512_set1_epi32(a.add(r * panel.a_row).cast::<i32>().read_unaligned());
                }
                for i in 0..COLUMNS {
                    let weights = _mm512_xor_si512(_mm512_loadu_si512(b.add(i * 64).cast()), sign);
                    for (sums, factor) in sums.iter_mut().zip(factors) {
                        sums[i] = _mm512_dpbusd_epi32(sums[i], weights, factor);
                    }
                }
                a = a.wrapping_add(GROUP);
                b = b.wrapping_add(panel.columns * GROUP);
            }
            for (r, sums) in sums.iter().enumerate() {
                let factor = _mm512_set1_ps(*panel.a_factors.add(row + r));
                for (i, &sum) in sums.iter().enumerate() {
                    let at = column + i * 16;
                    let to = panel.c.add((row + r) * panel.c_row + at);
                    let from = match panel.start {
                        Start::Zero => _mm512_setzero_ps(),
                        Start::Row(from) => _mm512_loadu_ps(from.add(at)),
                        Start::Sum => _mm512_loadu_ps(to),
                    };
                    let factor = _mm512_mul_ps(factor, _mm512_loadu_ps(panel.b_factors.add(at)));
                    _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), factor, from));
                }
            }
        }
    }

    /// # Safety
    /// As `Dots::multiply`; the processor has these instruction sets.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn avx2(panel: Panel) {
        for column in (0..panel.columns).step_by(16) {
            // SAFETY: rows and columns of two registers are within the panel.
            unsafe { heights!(avx2_tile, 2, panel, column, 4: 1 2 3 4) }
        }
    }

    /// # Safety
    /// Rows `row..row + ROWS` and `COLUMNS` registers from `column` on are within the panel; the processor has AVX2 and FMA.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_tile<const ROWS: usize, const COLUMNS: usize>(panel: &Panel, row: usize, column: usize) {
        let ones = _mm256_set1_epi16(1);
        // SAFETY: as the caller guarantees.
        unsafe {
            let mut sums = [[_mm256_setzero_si256(); COLUMNS]; ROWS];
            let mut a = panel.a.add(row * panel.a_row);
            let mut b = panel.b.add(column * GROUP);
            for _ in 0..panel.groups {
                let mut weights = [_mm256_setzero_si256(); COLUMNS];
                for (i, weights) in weights.iter_mut().enumerate() {
                    *weights = _mm256_loadu_si256(b.add(i * 32).cast());
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = _mm256_set1_epi32(a.add(r * panel.a_row).cast::<i32>().read_unaligned());
                    // The instruction takes one side without a sign, which the other side is given.
                    let size = _mm256_abs_epi8(factor);
                    for (sum, &weights) in sums.iter_mut().zip(&weights) {
                        let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(weights, factor));
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
                    }
                }
                a = a.wrapping_add(GROUP);
                b = b.wrapping_add(panel.columns * GROUP);
            }
            for (r, sums) in sums.iter().enumerate() {
                let factor = _mm256_set1_ps(*panel.a_factors.add(row + r));
                for (i, &sum) in sums.iter().enumerate() {
                    let at = column + i * 8;
                    let to = panel.c.add((row + r) * panel.c_row + at);
                    let from = match panel.start {
                        Start::Zero => _mm256_setzero_ps(),
                        Start::Row(from) => _mm256_loadu_ps(from.add(at)),
                        Start::Sum => _mm256_loadu_ps(to),
                    };
                    let factor = _mm256_mul_ps(factor, _mm256_loadu_ps(panel.b_factors.add(at)));
                    _mm256_storeu_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), factor, from));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Numbers;

    #[test]
    fn equals_the_product_of_rounded_numbers_with_the_same_bits_at_every_level() {
        for (rows, inputs, outputs) in [(1, 4, 16), (5, 7, 100), (13, 256, 64), (3, 1536, 48), (6, 33, 17)] {
            let mut random = Numbers(5);
            let (x, weights, bias) = (random.take(rows * inputs), random.take(outputs * inputs), random.take(outputs));
            let row = |to: usize, row: &mut [f32]| row.copy_from_slice(&weights[to * inputs..][..inputs]);
            let layer = Bytes::new([outputs, inputs], row, |to| bias[to]);
            let width = layer.width();
            let whole = |values: &[f32]| -> (Vec<i32>, f32) {
                let (factor, inverse) = factor(values);
                (values.iter().map(|x| (x * inverse).round_ties_even() as i32).collect(), factor)
            };
            let mut results = Vec::new();
            for level in Level::all() {
                // SAFETY: so many rows of so many numbers.
                let seen = unsafe { Rounded::new(Rows { first: x.as_ptr(), count: rows, stride: inputs }, inputs) };
                let mut to = vec![0f32; rows * width];
                // SAFETY: as above.
                unsafe { layer.multiply(level, &seen, (0..width, 0), (to.as_mut_ptr(), width), Begin::Bias) };
                for (row, x) in x.chunks(inputs).enumerate() {
                    let (x, x_factor) = whole(x);
                    for (output, weights) in weights.chunks(inputs).enumerate() {
                        let (weights, factor) = whole(weights);
                        let sum: i32 = x.iter().zip(&weights).map(|(a, b)| a * b).sum();
                        let exact = fma(sum as f32, x_factor * factor, bias[output]);
                        assert_eq!(to[row * width + output], exact, "{level}, {rows} × {inputs} × {outputs}");
                    }
                }
                results.push(to);
            }
            assert!(results.iter().all(|to| *to == results[0]));
            // Near the product of what was rounded.
            for (row, x) in x.chunks(inputs).enumerate() {
                for (output, weights) in weights.chunks(inputs).enumerate() {
                    let exact = bias[output] + x.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>();
                    let off = (results[0][row * width + output] - exact).abs();
                    assert!(off < 0.01 * (inputs as f32).sqrt(), "{off}");
                }
            }
        }
    }

    #[test]
    fn the_greatest_numbers_do_not_overflow() {
        let inputs = 1536;
        let layer = Bytes::new([16, inputs], |to, row| row.fill(if to % 2 == 0 { 1.0 } else { -1.0 }), |_| 0.0);
        for sign in [1.0, -1.0] {
            let x = vec![sign; inputs];
            for level in Level::all() {
                let mut to = [0f32; 16];
                // SAFETY: one row of so many numbers.
                unsafe {
                    let seen = Rounded::new(Rows { first: x.as_ptr(), count: 1, stride: inputs }, inputs);
                    layer.multiply(level, &seen, (0..16, 0), (to.as_mut_ptr(), 16), Begin::Bias);
                }
                for (output, value) in to.into_iter().enumerate() {
                    let exact = sign * if output % 2 == 0 { inputs as f32 } else { -(inputs as f32) };
                    assert!((value / exact - 1.0).abs() < 1e-6, "{level}: {value}");
                }
            }
        }
    }
}
