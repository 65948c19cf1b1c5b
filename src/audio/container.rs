//! What a stream of bytes is that is said to be raw samples: samples may be any bytes, so only what is certain counts.

use super::{Content, Format, frames, sniff};

/// How many of a stream's first bytes [`container`] wants to see; fewer do where the stream is shorter. Several frames of
/// MPEG audio fit in.
pub const HEADER_BYTES: usize = 1 << 14;

/// What is no sound and says so at its very beginning.
const OTHERS: [(&[u8], &str); 10] = [
    (b"PK\x03\x04", "ZIP"),
    (b"BZh91AY&SY", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA or ASF"),
    (b"\x93NUMPY", "NumPy"),
];

/// So many characters of text behind one another are no samples.
const TEXT: usize = 64;

/// Bytes of a packet of an MPEG transport stream, each of which begins with the same byte.
const PACKET: usize = 188;

/// The container that bytes begin with which were said to be raw samples, by its name; none where they may be samples. What
/// the two bytes of MPEG audio begin is told by several frames.
#[must_use]
pub fn container(head: &[u8]) -> Option<String> {
    let named = |name: &str| Some(name.to_owned());
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return named(name);
    }
    match sniff(head) {
        Content::Audio(Format::Mp3 | Format::Aac) if !head.starts_with(b"ID3") => match frames::run(head)? {
            frames::Stream::Mpeg => named("MPEG audio"),
            frames::Stream::Adts => named("AAC"),
        },
        Content::Audio(format) => Some(format!("{format:?}").to_uppercase()),
        Content::Foreign(name) if head[..4.min(head.len())].iter().all(u8::is_ascii_graphic) => named(name),
        Content::LfsPointer => named("Git-LFS pointer"),
        _ if is_gzip(head) => named("gzip"),
        _ if is_text(head) => named("text"),
        _ if is_tar(head) => named("tar"),
        _ if (0..8).all(|at| head.get(PACKET * at) == Some(&0x47)) => named("MPEG transport stream"),
        _ => None,
    }
}

/// The beginning of a stream of bytes that are said to be raw samples, which may come one by one.
#[derive(Debug, Default)]
pub struct Beginning {
    bytes: Vec<u8>,
}

impl Beginning {
    /// The container that the stream turns out to begin with by its next bytes, as [`container`] has it.
    pub fn add(&mut self, bytes: &[u8]) -> Option<String> {
        let wanted = HEADER_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
        if wanted == 0 { None } else { container(&self.bytes) }
    }

    /// Whether nothing has come yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// By the method, the flags that are reserved, and the values that a level and a system have (RFC 1952).
fn is_gzip(head: &[u8]) -> bool {
    matches!(*head, [0x1f, 0x8b, 8, flags, _, _, _, _, level, system, ..]
        if flags & 0xe0 == 0 && matches!(level, 0 | 2 | 4) && matches!(system, 0..=13 | 255))
}

/// Text of any language that begins with letters of ASCII, a web page for one. Samples have their high bits set.
fn is_text(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_of_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let shown = &text[..text.len().min(TEXT)];
    let mut kinds = [false; 256];
    shown.iter().for_each(|&byte| kinds[usize::from(byte)] = true);
    let many = kinds.iter().filter(|kind| **kind).count() >= 8;
    shown.len() == TEXT && shown.iter().all(is_of_text) && many
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::written::mp3_frame;

    #[test]
    fn a_stream_may_come_byte_by_byte() {
        let mut beginning = Beginning::default();
        assert!(beginning.is_empty());
        let told = mp3_frame().repeat(9).iter().position(|&byte| beginning.add(&[byte]).is_some());
        // With the header of the fourth frame.
        assert_eq!(told, Some(3 * 417 + 3));
        let mut samples = Beginning::default();
        assert!((0..3 * HEADER_BYTES).all(|i| samples.add(&[(i % 251) as u8]).is_none()));
    }

    #[test]
    fn a_container_is_told_from_samples() {
        let adts = [b"\xff\xf1\x60\x40\x02\x80\xfc".as_slice(), &[7; 13]].concat();
        let page =
            b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>";
        let packet = [b"\x47\x40\0\x10".as_slice(), &[0xff; 184]].concat();
        for (head, name) in [
            (&b"RIFF\x24\0\0\0WAVEfmt "[..], Some("WAV")),
            (b"fLaC\0\0\0\x22", Some("FLAC")),
            (b".snd\0\0\0\x18", Some("AU")),
            (b"ID3\x04\0\0\0\0\0\x02", Some("MP3")),
            (&mp3_frame().repeat(5), Some("MPEG audio")),
            (&adts.repeat(5), Some("AAC")),
            (b"\x1f\x8b\x08\0\xb7\xf1\x09\x6b\x02\xff\x7c", Some("gzip")),
            (b"PK\x03\x04\x14\0", Some("ZIP")),
            (page, Some("text")),
            (&packet.repeat(9), Some("MPEG transport stream")),
            (b"\xff\xfb\x90\x00", None),
            (&mp3_frame().repeat(3), None),
            (&[mp3_frame(), vec![7; 3_000]].concat(), None),
            (b"\x1f\x8b\x08\x80\xb7\xf1\x09\x6b\x02\xff\x7c", None),
            (b"\x0b\x77\x01\x00", None),
            (b"\0\0\x01\0", None),
            (&[0x47; 4], None),
            (&[b'A'; 400], None),
            (&[0xff; 4_000], None),
            (b"", None),
        ] {
            assert_eq!(container(head).as_deref(), name, "{head:?}");
        }
    }
}
