//! The colours: for lines, distinct to the colour-blind (Okabe and Ito, 2008, <https://jfly.uni-koeln.de/color/>);
//! for matrices, one hue whose lightness falls evenly, so that it reads the same in grey.

use plotters::style::RGBColor;

use crate::audio::LEVELS;

/// A colour of the screen, red, green and blue from 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Text.
pub const BLACK: Rgb = Rgb(0x1a, 0x1a, 0x1a);
/// Paper.
pub const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);
/// Secondary text.
pub const GREY: Rgb = Rgb(0x55, 0x55, 0x55);
/// Frames and ticks.
pub const FRAME: Rgb = Rgb(0x8c, 0x8c, 0x8c);
/// Grid lines, and cells about which nothing can be said.
pub const FAINT: Rgb = Rgb(0xe4, 0xe4, 0xe4);
/// Okabe and Ito's blue.
pub const BLUE: Rgb = Rgb(0x00, 0x72, 0xb2);
/// Okabe and Ito's vermillion.
pub const VERMILLION: Rgb = Rgb(0xd5, 0x5e, 0x00);
/// Okabe and Ito's bluish green.
pub const GREEN: Rgb = Rgb(0x00, 0x9e, 0x73);
/// Okabe and Ito's reddish purple.
pub const PURPLE: Rgb = Rgb(0xcc, 0x79, 0xa7);
/// Okabe and Ito's orange.
pub const ORANGE: Rgb = Rgb(0xe6, 0x9f, 0x00);
/// Okabe and Ito's sky blue.
pub const SKY: Rgb = Rgb(0x56, 0xb4, 0xe9);

/// For lines, in the order of use. Give each its own dash or marker as well.
pub const LINES: [Rgb; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY];

impl Rgb {
    /// The colour mixed with white: 0 is white, 1 the colour itself.
    #[must_use]
    pub fn tint(self, strength: f64) -> Self {
        let mix = |channel: u8| (255.0 + (f64::from(channel) - 255.0) * strength).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }

    /// Relative luminance, 0 for black to 1 for white (WCAG 2.2).
    #[must_use]
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast with another colour, 1 to 21 (WCAG 2.2).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever reads better on this colour. Full black: on a middle blue every bit counts.
    #[must_use]
    pub fn ink(self) -> Self {
        const FULL_BLACK: Rgb = Rgb(0, 0, 0);
        if self.contrast(FULL_BLACK) >= self.contrast(WHITE) { FULL_BLACK } else { WHITE }
    }
}

impl From<Rgb> for RGBColor {
    fn from(colour: Rgb) -> Self {
        Self(colour.0, colour.1, colour.2)
    }
}

/// The colour of one of [`LEVELS`] levels, of a spectrogram or a matrix.
pub(crate) fn shade(level: u8) -> Rgb {
    ramp(f64::from(level) / f64::from(LEVELS - 1))
}

/// The ramp of the matrices: nearly white at 0, blue at 1. It ends well before black, so that black text can be read
/// on the shares that recognisers reach. Its lightness falls evenly in Oklab
/// (<https://bottosson.github.io/posts/oklab/>); what lies outside 0 to 1 is taken as the nearer end.
#[must_use]
pub fn ramp(value: f64) -> Rgb {
    const LIGHTEST: f64 = 0.985;
    const DARKEST: f64 = 0.43;
    const BLUE_HUE: f64 = 4.44; // radians
    let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let lightness = LIGHTEST + (DARKEST - LIGHTEST) * value;
    // Most colourful in the middle: near white and near black the screen has little to give.
    let chroma = 0.006 + 0.13 * (std::f64::consts::PI * (0.1 + 0.72 * value)).sin() * value.powf(0.6);
    oklab(lightness, chroma * BLUE_HUE.cos(), chroma * BLUE_HUE.sin())
}

fn oklab(lightness: f64, a: f64, b: f64) -> Rgb {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let encoded = |linear: f64| {
        let value = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    Rgb(
        encoded(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        encoded(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        encoded(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramp_darkens_all_the_way_and_its_text_can_be_read() {
        for percent in 0..=100 {
            let colour = ramp(f64::from(percent) / 100.0);
            assert!(colour.contrast(colour.ink()) >= 4.5, "{percent} %: {colour:?}");
            if percent > 0 {
                assert!(colour.luminance() < ramp(f64::from(percent - 1) / 100.0).luminance(), "{percent} %");
            }
        }
    }

    #[test]
    fn ramp_takes_any_number() {
        assert_eq!(ramp(-1.0), ramp(0.0));
        assert_eq!(ramp(2.0), ramp(1.0));
        assert_eq!(ramp(f64::NAN), ramp(0.0));
    }

    #[test]
    fn oklab_of_white_and_black() {
        assert_eq!(oklab(1.0, 0.0, 0.0), WHITE);
        assert_eq!(oklab(0.0, 0.0, 0.0), Rgb(0, 0, 0));
    }

    #[test]
    fn tint_goes_from_white_to_the_colour() {
        assert_eq!(BLUE.tint(0.0), WHITE);
        assert_eq!(BLUE.tint(1.0), BLUE);
    }
}
