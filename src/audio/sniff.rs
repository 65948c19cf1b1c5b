//! What a file is by its first bytes, whatever it is called: the corpora carry AIFF named `.wav`, and fresh clones
//! carry text named `.wav`.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// How many of a file's first bytes [`sniff`] wants to see; fewer do where the file is shorter.
pub const HEAD_BYTES: usize = 512;

/// An audio container that can be told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// AAC with ADTS headers.
    Aac,
    /// MP4, M4A, MOV or 3GP, whatever codec is in it.
    Mp4,
    /// Matroska or WebM, whatever codec is in it.
    Matroska,
    /// Apple's Core Audio Format.
    Caf,
}

impl Format {
    /// Whether the path has an extension of this format, in any case of letters.
    #[must_use]
    pub fn has_extension(self, path: &Path) -> bool {
        self.extensions().iter().any(|known| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(known)))
    }

    /// What names of such files usually end in.
    #[cfg(feature = "parquet")]
    pub(crate) fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Wav | Self::Rf64 => &["wav", "wave", "rf64", "bwf"],
            // AIFF-C commonly goes by the name of its elder.
            Self::Aiff | Self::Aifc => &["aif", "aiff", "aifc"],
            Self::Flac => &["flac"],
            Self::Ogg => &["ogg", "oga", "ogv", "ogx", "opus", "spx"],
            Self::Mp3 => &["mp3", "mp2", "mp1", "mpa", "mpga"],
            Self::Aac => &["aac", "adts"],
            Self::Mp4 => &["m4a", "mp4", "m4b", "mov", "3gp", "m4v", "aac", "alac"],
            Self::Matroska => &["mka", "mkv", "webm", "weba"],
            Self::Caf => &["caf"],
        }
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
    /// Sound in a container that is not read here, by its name.
    Foreign(&'static str),
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
        match behind_id3(head).map(sniff) {
            Some(Content::Audio(format)) => format,
            _ => Format::Mp3,
        }
    } else if is_mpeg_frame(head) {
        Format::Mp3
    } else if is_adts_frame(head) {
        Format::Aac
    } else if head.get(4..8) == Some(b"ftyp") {
        Format::Mp4
    } else if head.starts_with(b"\x1a\x45\xdf\xa3") {
        Format::Matroska
    } else if head.starts_with(b"caff\0\x01") {
        Format::Caf
    } else {
        return not_audio(head);
    };
    Content::Audio(format)
}

/// What containers that are not read begin with: at which byte, with what.
const FOREIGN: [(usize, &[u8], &str); 24] = [
    (0, b"riff\x2e\x91\xcf\x11", "W64"),
    (0, b"RIFX", "RIFX, which is WAV with its bytes in the other order"),
    (8, b"AVI ", "AVI"),
    (0, b".snd", "AU"),
    (0, b"dns.", "AU with its bytes in the other order"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA or ASF"),
    (0, b"NIST_1A", "NIST SPHERE"),
    (0, b"Creative Voice File", "VOC"),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"TTA", "True Audio"),
    (0, b"MP+", "Musepack"),
    (0, b"MPCK", "Musepack"),
    (0, b"DSD ", "DSF"),
    (0, b"\x0b\x77", "AC-3"),
    (0, b"FLV\x01", "FLV"),
    (0, b".ra\xfd", "RealAudio"),
    (0, b".RMF", "RealMedia"),
    (0, b"2BIT", "AVR"),
    (0, b"FORM", "IFF, but not AIFF"),
    (0, b"\0\0\x01\xba", "MPEG video"),
    (4, b"moov", "MOV without its `ftyp`"),
    (4, b"mdat", "MOV without its `ftyp`"),
];

fn not_audio(head: &[u8]) -> Content {
    let text = head.trim_ascii_start();
    let is = |(at, magic, _): &&(usize, &[u8], &str)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    if let Some((.., name)) = FOREIGN.iter().find(is) {
        return Content::Foreign(name);
    }
    if head.is_empty() {
        Content::Empty
    } else if head.starts_with(b"version https://git-lfs") {
        Content::LfsPointer
    } else if head.starts_with(b"MThd") {
        Content::Unknown("MIDI, which is notes without sound")
    } else if head.starts_with(b"\x1f\x8b") {
        Content::Unknown("compressed by gzip: unpack it")
    } else if head.starts_with(b"PK\x03\x04") {
        Content::Unknown("a ZIP archive: unpack it")
    } else if text.first() == Some(&b'<') {
        Content::Unknown("a web page or XML, as a failed download leaves it: fetch it again")
    } else if head.iter().all(|&byte| byte == 0) {
        Content::Unknown("zeros from its first byte on, as a broken copy leaves them: fetch it again")
    } else {
        Content::Unknown("none of WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4, Matroska and CAF")
    }
}

/// What follows an ID3v2 tag.
fn behind_id3(head: &[u8]) -> Option<&[u8]> {
    head.get(usize::try_from(super::tags::id3(head)?).ok()?..).filter(|rest| !rest.is_empty())
}

/// An MPEG audio frame begins with eleven ones; the values that the standard reserves tell it from other data (AAC's
/// header has the reserved layer).
fn is_mpeg_frame(head: &[u8]) -> bool {
    let [0xFF, second, third, ..] = *head else { return false };
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    let (bit_rate, sample_rate) = (third >> 4, (third >> 2) & 3);
    second >> 5 == 7 && version != 1 && layer != 0 && bit_rate != 15 && sample_rate != 3
}

/// AAC's header has twelve ones, the layer that MPEG audio reserves, and a rate that there is.
fn is_adts_frame(head: &[u8]) -> bool {
    matches!(*head, [0xff, second, third, ..] if second & 0xf6 == 0xf0 && (third >> 2) & 15 < 13)
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
            (b"\xFF\xF1\x50\x80", Format::Aac),
            (b"\0\0\0\x20ftypM4A ", Format::Mp4),
            (b"\x1a\x45\xdf\xa3", Format::Matroska),
            (b"caff\0\x01\0\0", Format::Caf),
        ] {
            assert_eq!(sniff(head), Content::Audio(format), "{head:?}");
        }
    }

    #[test]
    fn what_is_not_audio_is_named() {
        assert_eq!(sniff(b""), Content::Empty);
        assert_eq!(sniff(b"version https://git-lfs.github.com/spec/v1\noid sha256:0"), Content::LfsPointer);
        for (head, word) in [
            (&b"\n<!DOCTYPE html>"[..], "web page"),
            (b"PK\x03\x04", "ZIP"),
            (b"\0\0\0\0\0\0\0\0\0\0", "zeros"),
            (b"hello", "none of"),
        ] {
            let Content::Unknown(guess) = sniff(head) else { panic!("{head:?}") };
            assert!(guess.contains(word), "{guess}");
        }
        for (head, name) in [
            (&b"RIFF\x24\0\0\0AVI "[..], "AVI"),
            (b".snd\0\0\0\x18", "AU"),
            (b"#!AMR\n", "AMR"),
            (b"riff\x2e\x91\xcf\x11\xa5\xd6", "W64"),
            (b"NIST_1A\n   1024", "NIST SPHERE"),
        ] {
            assert_eq!(sniff(head), Content::Foreign(name));
        }
    }
}
