//! What a file is by its first bytes, whatever it is called: the corpora carry AIFF named `.wav`, and fresh clones
//! carry text named `.wav`.

use std::path::Path;

use serde::Serialize;

/// How many of a file's first bytes [`sniff`] wants to see; fewer do where the file is shorter.
pub const HEAD_BYTES: usize = 512;

/// An audio container that can be told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RIFF/WAVE.
    Wav,
    /// RF64 or BW64: WAVE with 64-bit sizes.
    Rf64,
    /// AIFF.
    Aiff,
    /// AIFF-C.
    Aifc,
    /// FLAC.
    Flac,
    /// Ogg, whatever codec is in it.
    Ogg,
    /// MPEG audio, with or without an ID3 tag before it.
    Mp3,
}

impl Format {
    /// Whether the path has an extension of this format, in any case of letters.
    #[must_use]
    pub fn has_extension(self, path: &Path) -> bool {
        let extensions: &[&str] = match self {
            Self::Wav | Self::Rf64 => &["wav", "wave", "rf64", "bwf"],
            // AIFF-C commonly goes by the name of its elder.
            Self::Aiff | Self::Aifc => &["aif", "aiff", "aifc"],
            Self::Flac => &["flac"],
            Self::Ogg => &["ogg", "oga"],
            Self::Mp3 => &["mp3"],
        };
        path.extension().is_some_and(|found| extensions.iter().any(|known| found.eq_ignore_ascii_case(known)))
    }
}

/// A file, judged by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Audio in a container we know.
    Audio(Format),
    /// The text that stands for a file which Git LFS has not fetched.
    LfsPointer,
    /// Nothing at all.
    Empty,
    /// Anything else, with a guess at what it is where there is one.
    Unknown(&'static str),
}

/// Judges a file by its first [`HEAD_BYTES`] bytes.
#[must_use]
pub fn sniff(head: &[u8]) -> Content {
    let form = |outer: &[u8], inner: &[u8]| head.starts_with(outer) && head.get(8..12) == Some(inner);
    let format = if form(b"RIFF", b"WAVE") {
        Format::Wav
    } else if form(b"RF64", b"WAVE") || form(b"BW64", b"WAVE") {
        Format::Rf64
    } else if form(b"FORM", b"AIFF") {
        Format::Aiff
    } else if form(b"FORM", b"AIFC") {
        Format::Aifc
    } else if head.starts_with(b"fLaC") {
        Format::Flac
    } else if head.starts_with(b"OggS") {
        Format::Ogg
    } else if head.starts_with(b"ID3") {
        // Some writers put an ID3 tag before FLAC, too.
        if behind_id3(head).is_some_and(|rest| rest.starts_with(b"fLaC")) { Format::Flac } else { Format::Mp3 }
    } else if is_mpeg_frame(head) {
        Format::Mp3
    } else {
        return not_audio(head);
    };
    Content::Audio(format)
}

fn not_audio(head: &[u8]) -> Content {
    let text = head.trim_ascii_start();
    if head.is_empty() {
        Content::Empty
    } else if head.starts_with(b"version https://git-lfs") {
        Content::LfsPointer
    } else if head.get(4..8) == Some(b"ftyp") {
        Content::Unknown("MP4 or M4A, which is not read here: convert it to FLAC")
    } else if head.starts_with(b"PK\x03\x04") {
        Content::Unknown("a ZIP archive: unpack it")
    } else if text.first() == Some(&b'<') {
        Content::Unknown("a web page or XML, as a failed download leaves it: fetch it again")
    } else if head.iter().all(|&byte| byte == 0) {
        Content::Unknown("zeros from its first byte on, as a broken copy leaves them: fetch it again")
    } else {
        Content::Unknown("none of WAV, AIFF, FLAC, Ogg and MP3")
    }
}

/// What follows an ID3v2 tag, whose length is in four bytes of seven bits each.
fn behind_id3(head: &[u8]) -> Option<&[u8]> {
    let length = head.get(6..10)?.iter().fold(0_usize, |sum, &byte| (sum << 7) | usize::from(byte & 0x7F));
    head.get(10 + length..)
}

/// An MPEG audio frame begins with eleven ones; the values that the standard reserves tell it from other data (AAC's
/// header has the reserved layer).
fn is_mpeg_frame(head: &[u8]) -> bool {
    let [0xFF, second, third, ..] = *head else { return false };
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    let (bit_rate, sample_rate) = (third >> 4, (third >> 2) & 3);
    second >> 5 == 7 && version != 1 && layer != 0 && bit_rate != 15 && sample_rate != 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_content() {
        for (head, format) in [
            (&b"RIFF\x24\0\0\0WAVEfmt "[..], Format::Wav),
            (b"RF64\xFF\xFF\xFF\xFFWAVEds64", Format::Rf64),
            (b"FORM\0\0\0\0AIFFCOMM", Format::Aiff),
            (b"FORM\0\0\0\0AIFCFVER", Format::Aifc),
            (b"fLaC\0\0\0\x22", Format::Flac),
            (b"OggS\0\x02", Format::Ogg),
            (b"ID3\x04\0\0\0\0\0\x02xx\xFF\xFB\x90\x00", Format::Mp3),
            (b"ID3\x04\0\0\0\0\0\x02xxfLaC", Format::Flac),
            (b"\xFF\xFB\x90\x00", Format::Mp3),
        ] {
            assert_eq!(sniff(head), Content::Audio(format), "{head:?}");
        }
    }

    #[test]
    fn what_is_not_audio_is_named() {
        assert_eq!(sniff(b""), Content::Empty);
        assert_eq!(sniff(b"version https://git-lfs.github.com/spec/v1\noid sha256:0"), Content::LfsPointer);
        for (head, word) in [
            (&b"\0\0\0\x20ftypM4A "[..], "M4A"),
            (b"\n<!DOCTYPE html>", "web page"),
            (b"PK\x03\x04", "ZIP"),
            (b"\0\0\0\0\0\0\0\0\0\0", "zeros"),
            (b"RIFF\x24\0\0\0AVI ", "none of"),
            (b"\xFF\xF1\x50\x80", "none of"),
            (b"hello", "none of"),
        ] {
            let Content::Unknown(guess) = sniff(head) else { panic!("{head:?}") };
            assert!(guess.contains(word), "{guess}");
        }
    }
}
