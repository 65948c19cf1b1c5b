//! Files of audio for tests, written byte by byte.

use symphonia::core::{
    checksum::{Crc8Ccitt, Crc16Ansi, Crc32},
    io::Monitor,
};

/// A chunk of a RIFF file with its pad byte, whatever length it is said to have.
pub(crate) fn chunk(id: &[u8; 4], length: u32, content: &[u8]) -> Vec<u8> {
    let pad = vec![0; content.len() % 2];
    [&id[..], &length.to_le_bytes(), content, &pad].concat()
}

/// A RIFF file of chunks.
pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"RIFF\0\0\0\0WAVE".to_vec(), chunks.concat()].concat()
}

/// A `fmt ` chunk: code, channels, bytes of a frame, bits, and what follows them.
pub(crate) fn fmt(code: u16, channels: u16, align: u16, bits: u16, more: &[u8]) -> Vec<u8> {
    let rate = 8_000u32;
    let mut fields = [code.to_le_bytes(), channels.to_le_bytes()].concat();
    fields.extend([rate.to_le_bytes(), (rate * u32::from(align)).to_le_bytes()].concat());
    fields.extend([align.to_le_bytes(), bits.to_le_bytes()].concat());
    fields.extend(more);
    chunk(b"fmt ", fields.len() as u32, &fields)
}

/// What follows in an extensible `fmt ` chunk: the valid bits, and the code of what the samples are.
pub(crate) fn extension(valid: u16, code: u16) -> Vec<u8> {
    let tail = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
    [&22u16.to_le_bytes()[..], &valid.to_le_bytes(), &[4, 0, 0, 0], &code.to_le_bytes(), &tail].concat()
}

/// A FLAC file of 16 bits at 8 kHz, uncompressed, in blocks of 100; `declared` samples, no MD5.
pub(crate) fn flac(samples: &[i16], declared: u32) -> Vec<u8> {
    let mut bytes = b"fLaC\x80\0\0\x22\0\x64\0\x64\0\0\0\0\0\0".to_vec();
    // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
    bytes.extend((8_000u64 << 44 | 15u64 << 36 | u64::from(declared)).to_be_bytes());
    bytes.extend([0; 16]);
    for (number, block) in samples.chunks(100).enumerate() {
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08, number as u8];
        frame.extend((block.len() as u16 - 1).to_be_bytes());
        let mut crc = Crc8Ccitt::new(0);
        crc.process_buf_bytes(&frame);
        frame.push(crc.crc());
        frame.push(0x02);
        frame.extend(block.iter().flat_map(|x| x.to_be_bytes()));
        let mut crc = Crc16Ansi::new(0);
        crc.process_buf_bytes(&frame);
        frame.extend(crc.crc().to_be_bytes());
        bytes.extend(frame);
    }
    bytes
}

/// A frame of MP3 without sound: layer III, 128 kbit/s, 44.1 kHz, mono; 1152 samples in 417 bytes.
pub(crate) fn mp3_frame() -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(b"\xff\xfb\x90\xc4");
    frame
}

/// A first frame that says how many there are.
pub(crate) fn mp3_count(frames: u32) -> Vec<u8> {
    let mut frame = mp3_frame();
    frame[21..29].copy_from_slice(b"Xing\0\0\0\x01");
    frame[29..33].copy_from_slice(&frames.to_be_bytes());
    frame
}

/// A page of Ogg with one packet of less than 255 bytes.
pub(crate) fn ogg_page(flags: u8, serial: u32, number: u32, packet: &[u8]) -> Vec<u8> {
    let mut page = [b"OggS\0", &[flags][..], &[0; 8], &serial.to_le_bytes(), &number.to_le_bytes(), &[0; 4]].concat();
    page.extend([1, packet.len() as u8]);
    page.extend(packet);
    let mut crc = Crc32::new(0);
    crc.process_buf_bytes(&page);
    page[22..26].copy_from_slice(&crc.crc().to_le_bytes());
    page
}
