//! What the second head of an adaptation sees of a clip.

use serde::{Deserialize, Serialize};

use super::{EncoderConfig, Level, Pool, encoder::Layers, level};
use crate::{
    audio::AudioConfig,
    error::{Error, Result},
};

/// The `[speaker]` table: what the head that answers once a speaker is known sees of a clip, where that is not what the network
/// sees. Without a speaker, a recording's noise and pauses must be hidden, as they say nothing of who speaks how; against the
/// mean of the speaker's own recordings they tell emotions.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpeakerView {
    /// Whether silence is cut off both ends, as far below the loudest frame as `[audio]` says. Default: as in `[audio]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
    /// Which hidden states. Default: those of `[encoder]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layers>,
    /// How a clip's frames become one vector. Default: as in `[encoder]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// What becomes of a clip's level. Default: as in `[encoder]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// A noise laid under every clip, in dB below its loud frames. Default: none, whatever `[encoder]` has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snr: Option<f64>,
    /// The inverse of the head's L2 penalty. Default: `model.c`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<f64>,
}

impl SpeakerView {
    /// The encoder's settings that make it of the network's.
    #[must_use]
    pub fn encoder(&self, of: &EncoderConfig) -> EncoderConfig {
        EncoderConfig {
            layer: self.layer.clone().unwrap_or_else(|| of.layer.clone()),
            pool: self.pool.unwrap_or(of.pool),
            level: self.level.unwrap_or(of.level),
            snr: self.snr,
            ..of.clone()
        }
    }

    /// How a clip's samples are prepared for it, by how the network's are.
    #[must_use]
    pub fn audio(&self, of: &AudioConfig) -> AudioConfig {
        AudioConfig { trim: self.trim.unwrap_or(of.trim), ..of.clone() }
    }

    /// Checks it beside what the network sees.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the key, its value and the rule that it breaks.
    pub fn validate(&self, encoder: Option<&EncoderConfig>, sample_rate: u32) -> Result<()> {
        let wrong = |problem: &str| Err(Error::Config(problem.into()));
        let Some(encoder) = encoder else {
            return wrong("[speaker] is of an encoder's states: name one in [encoder], or drop it");
        };
        if encoder.learns() {
            return wrong("[speaker] is of a frozen encoder: set encoder.train_layers to 0, or drop it");
        }
        let own = self.encoder(encoder);
        if own.layer.is_mixed() {
            return wrong("speaker.layer: \"weighted\" states are mixed by a network; name the layers ([1, 2])");
        }
        if own.pool == Pool::None {
            return wrong("speaker.pool: \"none\" leaves a clip its frames; set it to \"mean\" or \"mean+std\"");
        }
        level::check("speaker", own.level, own.snr)?;
        own.validate(sample_rate)?;
        match self.c.filter(|c| !(c.is_finite() && *c > 0.0)) {
            Some(c) => Err(Error::Config(format!("speaker.c = {c}: a number above 0"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoder(text: &str) -> EncoderConfig {
        toml::from_str(&format!("path = 'x'\nlayer = [1, 2]\npool = 'mean'\n{text}")).unwrap()
    }

    #[test]
    fn it_is_what_the_network_sees_but_for_the_noise_and_what_it_names() {
        let network = encoder("level = 'free'\nsnr = 12.0\nwindow = 2.5");
        assert_eq!(SpeakerView::default().encoder(&network), encoder("level = 'free'\nwindow = 2.5"));
        let view: SpeakerView = toml::from_str("trim = false\nlayer = 2\npool = 'mean+std'\nsnr = 9.0").unwrap();
        let own = view.encoder(&network);
        assert_eq!((own.layer, own.pool, own.snr), (Layers::One(2), Pool::MeanStd, Some(9.0)));
        let audio = AudioConfig { trim: true, trim_db: 12.0, ..AudioConfig::default() };
        assert_eq!(view.audio(&audio), AudioConfig { trim: false, ..audio.clone() });
        assert_eq!(SpeakerView::default().audio(&audio), audio);
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        let cases = [
            ("", "train_layers = 1", "train_layers"),
            ("layer = 'weighted'", "", "speaker.layer"),
            ("pool = 'none'", "", "speaker.pool"),
            ("level = 'kept'\nsnr = 9.0", "", "speaker.snr"),
            ("c = 0.0", "", "speaker.c = 0"),
        ];
        for (view, network, told) in cases {
            let view: SpeakerView = toml::from_str(view).unwrap();
            let error = view.validate(Some(&encoder(network)), 16_000).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let error = SpeakerView::default().validate(None, 16_000).unwrap_err().to_string();
        assert!(error.contains("[encoder]"), "{error}");
        SpeakerView::default().validate(Some(&encoder("level = 'free'")), 16_000).unwrap();
    }
}
