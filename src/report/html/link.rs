//! A link from a page to a file on the same disk.

use std::path::{Component, Path, absolute};

/// The URL of `file` relative to a page in `folder`; none where the one cannot be reached from the other.
pub(super) fn link(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (absolute(folder).ok()?, absolute(file).ok()?);
    let (from, to): (Vec<Component>, Vec<Component>) = (folder.components().collect(), file.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // Nothing in common, not even the root: another drive.
    if common == 0 {
        return None;
    }
    let up = from[common..].iter().map(|_| Some("..".to_owned()));
    let down = to[common..].iter().map(|part| part.as_os_str().to_str().map(escaped));
    Some(up.chain(down).collect::<Option<Vec<_>>>()?.join("/"))
}

/// All but what RFC 3986 leaves unreserved, as `%XX`.
fn escaped(part: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    part.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_go_up_and_down_and_are_escaped() {
        let link = |from: &str, to: &str| link(Path::new(from), Path::new(to)).unwrap();
        assert_eq!(link("/a/b/report", "/a/data/x.wav"), "../../data/x.wav");
        assert_eq!(link("runs/report", "data/a b#1/é?.wav"), "../../data/a%20b%231/%C3%A9%3F.wav");
        assert_eq!(link("/r", "/r/x.wav"), "x.wav");
    }
}
