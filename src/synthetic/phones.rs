//! The phones that the sentences need: what the vocal tract does for each, in an adult man of average size.
//!
//! Vowel formants after Peterson, G. E. & Barney, H. L. (1952). Control methods used in a study of the vowels.
//! *J. Acoust. Soc. Am.* 24(2), 175–184; consonants and inherent durations after Klatt (1980), rounded.

/// One articulatory state that a phone passes through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Duration in ms at a neutral rate; 0 where a phone has fewer states than places for them.
    pub ms: f64,
    /// How much of a change of rate the duration takes part in, 0 to 1: vowels stretch, bursts do not.
    pub elasticity: f64,
    /// The first three formants in Hz.
    pub formants: [f64; 3],
    /// Amplitude of the glottal pulses, 0 to 1.
    pub voicing: f64,
    /// Amplitude of breath through the open glottis, 0 to 1.
    pub aspiration: f64,
    /// Amplitude of noise made at a constriction, 0 to 1.
    pub frication: f64,
    /// Centre and bandwidth of that noise in Hz.
    pub band: [f64; 2],
    /// How open the way through the nose is, 0 to 1.
    pub nasality: f64,
}

/// A sound of the language.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phone {
    /// What happens in it, in order; states of 0 ms do not happen.
    pub segments: [Segment; 3],
    /// Whether it is a boundary between phrases, whose length follows the pauses rather than the rate.
    pub pause: bool,
}

/// The tract at rest: the vowel that lax articulation drifts to, and the state that the others are written against.
pub const REST: [f64; 3] = [500.0, 1500.0, 2500.0];

const SILENT: Segment = Segment {
    ms: 0.0,
    elasticity: 1.0,
    formants: REST,
    voicing: 0.0,
    aspiration: 0.0,
    frication: 0.0,
    band: [4000.0, 4000.0],
    nasality: 0.0,
};

const fn phone(segments: [Segment; 3]) -> Phone {
    Phone { segments, pause: false }
}

const fn vowel(ms: f64, formants: [f64; 3]) -> Phone {
    phone([Segment { ms, formants, voicing: 1.0, ..SILENT }, SILENT, SILENT])
}

const fn diphthong(ms: f64, from: [f64; 3], to: [f64; 3]) -> Phone {
    let state = Segment { voicing: 1.0, ..SILENT };
    phone([
        Segment { ms: 0.55 * ms, formants: from, ..state },
        Segment { ms: 0.45 * ms, formants: to, ..state },
        SILENT,
    ])
}

const fn approximant(ms: f64, formants: [f64; 3]) -> Phone {
    phone([Segment { ms, elasticity: 0.7, formants, voicing: 0.7, ..SILENT }, SILENT, SILENT])
}

const fn nasal(ms: f64, formants: [f64; 3]) -> Phone {
    phone([Segment { ms, elasticity: 0.6, formants, voicing: 0.6, nasality: 1.0, ..SILENT }, SILENT, SILENT])
}

const fn fricative(ms: f64, formants: [f64; 3], voicing: f64, frication: f64, band: [f64; 2]) -> Phone {
    phone([Segment { ms, elasticity: 0.6, formants, voicing, frication, band, ..SILENT }, SILENT, SILENT])
}

/// A closure of `closed` ms, a burst, and `breath` ms until the voice sets in; `voicing` is the murmur in the closure.
const fn stop(closed: f64, breath: f64, formants: [f64; 3], voicing: f64, burst: f64, band: [f64; 2]) -> Phone {
    let [_, f2, f3] = formants;
    // F1 is low behind a closure whatever the place; the burst and the breath are on the way to the vowel.
    let shut = Segment { ms: closed, elasticity: 0.5, formants: [200.0, f2, f3], voicing, band, ..SILENT };
    let release =
        Segment { ms: 14.0, elasticity: 0.0, formants, voicing: 0.5 * voicing, frication: burst, band, ..SILENT };
    let open = Segment { ms: breath, elasticity: 0.3, formants, aspiration: 0.7, band, ..SILENT };
    phone([shut, release, open])
}

/// The boundary between two phrases, of 35 ms before prosody has its say.
pub const PAUSE: Phone = Phone { segments: [Segment { ms: 35.0, ..SILENT }, SILENT, SILENT], pause: true };

/// The vowel of *see*.
pub const IY: Phone = vowel(120.0, [280.0, 2250.0, 3000.0]);
/// The vowel of *is*.
pub const IH: Phone = vowel(85.0, [390.0, 1990.0, 2550.0]);
/// The vowel of *ten*.
pub const EH: Phone = vowel(110.0, [530.0, 1840.0, 2480.0]);
/// The vowel of *at*.
pub const AE: Phone = vowel(125.0, [660.0, 1720.0, 2410.0]);
/// The vowel of *saw*.
pub const AO: Phone = vowel(150.0, [580.0, 860.0, 2410.0]);
/// The vowel of *put*.
pub const UH: Phone = vowel(90.0, [440.0, 1020.0, 2240.0]);
/// The vowel of *bus*.
pub const AH: Phone = vowel(115.0, [640.0, 1190.0, 2390.0]);
/// The vowel of *on*.
pub const AA: Phone = vowel(120.0, [720.0, 1090.0, 2440.0]);
/// The vowel of *the*.
pub const AX: Phone = vowel(60.0, [500.0, 1400.0, 2450.0]);
/// The diphthong of *late*.
pub const EY: Phone = diphthong(155.0, [510.0, 1850.0, 2500.0], [330.0, 2150.0, 2700.0]);
/// The diphthong of *my*.
pub const AY: Phone = diphthong(170.0, [710.0, 1200.0, 2550.0], [400.0, 1900.0, 2550.0]);
/// The diphthong of *boat*.
pub const OW: Phone = diphthong(160.0, [540.0, 1050.0, 2300.0], [400.0, 840.0, 2350.0]);

/// *w*.
pub const W: Phone = approximant(65.0, [290.0, 650.0, 2200.0]);
/// *r*.
pub const R: Phone = approximant(65.0, [320.0, 1100.0, 1550.0]);
/// *l*.
pub const L: Phone = approximant(65.0, [350.0, 1050.0, 2800.0]);

/// *m*.
pub const M: Phone = nasal(70.0, [280.0, 1100.0, 2150.0]);
/// *n*.
pub const N: Phone = nasal(65.0, [280.0, 1650.0, 2550.0]);

/// *s*.
pub const S: Phone = fricative(105.0, [320.0, 1500.0, 2550.0], 0.0, 0.9, [5600.0, 1800.0]);
/// *z*.
pub const Z: Phone = fricative(75.0, [280.0, 1500.0, 2550.0], 0.35, 0.5, [5500.0, 1800.0]);
/// *sh*.
pub const SH: Phone = fricative(110.0, [310.0, 1800.0, 2700.0], 0.0, 0.9, [2900.0, 1100.0]);
/// *f*.
pub const F: Phone = fricative(95.0, [340.0, 1100.0, 2100.0], 0.0, 0.22, [7000.0, 6000.0]);
/// *v*.
pub const V: Phone = fricative(60.0, [260.0, 1100.0, 2100.0], 0.45, 0.12, [6500.0, 6000.0]);
/// *th* as in *the*.
pub const DH: Phone = fricative(45.0, [270.0, 1300.0, 2550.0], 0.5, 0.1, [6500.0, 5000.0]);
/// *h*: breath in the shape of its neighbours.
pub const HH: Phone = phone([Segment { ms: 55.0, elasticity: 0.5, aspiration: 0.9, ..SILENT }, SILENT, SILENT]);

/// *p*.
pub const P: Phone = stop(60.0, 30.0, [350.0, 950.0, 2150.0], 0.0, 0.5, [900.0, 1200.0]);
/// *b*.
pub const B: Phone = stop(55.0, 0.0, [350.0, 950.0, 2150.0], 0.22, 0.3, [800.0, 1200.0]);
/// *t*.
pub const T: Phone = stop(50.0, 28.0, [350.0, 1750.0, 2650.0], 0.0, 0.8, [4500.0, 1800.0]);
/// *k*.
pub const K: Phone = stop(55.0, 35.0, [350.0, 1900.0, 2400.0], 0.0, 0.9, [2100.0, 700.0]);
/// *g*.
pub const G: Phone = stop(50.0, 0.0, [350.0, 1900.0, 2400.0], 0.2, 0.5, [2000.0, 700.0]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formants_rise_and_stay_within_reach() {
        for phone in
            [IY, IH, EH, AE, AO, UH, AH, AA, AX, EY, AY, OW, W, R, L, M, N, S, Z, SH, F, V, DH, HH, P, B, T, K, G]
        {
            assert!(phone.segments[0].ms > 0.0 && !phone.pause);
            for Segment { formants: [f1, f2, f3], .. } in phone.segments {
                assert!((150.0..f2).contains(&f1) && (f2..4000.0).contains(&f3), "{phone:?}");
            }
        }
    }
}
