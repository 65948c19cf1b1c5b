//! Which channels of a recording are answered for.

use std::borrow::Cow;

use crate::{
    audio::{Channel, Decoder},
    error::Result,
    names::known_by_name,
};

/// Which channels of a recording are answered for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channels {
    /// The mean of all.
    #[default]
    Mix,
    /// The first.
    Left,
    /// The second.
    Right,
    /// Every one by itself: a telephone call often has its parties apart.
    Each,
}

/// A channel that is answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What it is called, where there may be several: `left`, `right`, `3` …; `mono` where there is but one.
    pub name: Option<Cow<'static, str>>,
    /// Which it is.
    pub channel: Channel,
}

impl Channels {
    /// Every choice, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Mix, Self::Left, Self::Right, Self::Each];

    /// The choice's name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mix => "mix",
            Self::Left => "left",
            Self::Right => "right",
            Self::Each => "each",
        }
    }

    /// The channels that are meant of a recording that has `count`.
    #[must_use]
    pub fn sides(self, count: usize) -> Vec<Side> {
        let name = |at: usize| match (at, count) {
            (_, 1) => Cow::Borrowed("mono"),
            (0, _) => Cow::Borrowed("left"),
            (1, _) => Cow::Borrowed("right"),
            _ => Cow::Owned((at + 1).to_string()),
        };
        match self {
            Self::Mix => vec![Side { name: None, channel: Channel::Mix }],
            Self::Left => vec![Side { name: None, channel: Channel::Only(0) }],
            Self::Right => vec![Side { name: None, channel: Channel::Only(1) }],
            Self::Each => (0..count).map(|at| Side { name: Some(name(at)), channel: Channel::Only(at) }).collect(),
        }
    }

    /// A decoder for each channel that is meant, opened by `open`.
    ///
    /// # Errors
    ///
    /// Those of `open`; as [`Decoder::next`], where the number of channels stands in the first block.
    pub fn decoders(self, open: impl Fn() -> Result<Decoder>) -> Result<Vec<(Side, Decoder)>> {
        let mut first = open()?;
        if self != Self::Each {
            let side = self.sides(1).swap_remove(0);
            let decoder = first.channel(side.channel);
            return Ok(vec![(side, decoder)]);
        }
        first.next()?;
        let sides = self.sides(first.channels().unwrap_or(1));
        sides.into_iter().map(|side| open().map(|decoder| (side.clone(), decoder.channel(side.channel)))).collect()
    }
}

known_by_name!(Channels, "no channel");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_names_where_there_may_be_several() {
        let names = |channels: Channels, count| {
            channels.sides(count).into_iter().map(|side| side.name.unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(names(Channels::Each, 1), ["mono"]);
        assert_eq!(names(Channels::Each, 3), ["left", "right", "3"]);
        assert_eq!(names(Channels::Mix, 2), [""]);
        assert_eq!(Channels::Right.sides(2)[0].channel, Channel::Only(1));
        assert_eq!("each".parse::<Channels>().unwrap(), Channels::Each);
        assert!("middle".parse::<Channels>().unwrap_err().to_string().contains("mix, left, right, each"));
    }
}
