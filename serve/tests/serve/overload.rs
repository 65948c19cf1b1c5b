//! Too much, too slow, too long: others are served, memory stays bounded, nothing breaks.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use crate::client::{Answer, Server, voice, wav};

#[test]
fn a_full_queue_says_so_at_once_and_empties() {
    let server = Server::start(&["--jobs", "1", "--queue", "1", "--quiet"]);
    // Long enough that the queue fills up.
    let long = wav(&[&voice(10.0, 140.0)]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let one = || server.post("/v1/recognize?timeline=true&hop=0.25", &long);
        let callers: Vec<_> = (0..12).map(|_| scope.spawn(one)).collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .inspect(|answer| {
                if answer.status == 429 {
                    answer.is_problem(429, "try again");
                }
            })
            .map(|answer| answer.status)
            .collect()
    });
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    server.post("/v1/recognize", &wav(&[&voice(1.0, 140.0)])).is_ok();
}

#[test]
fn slow_endless_and_broken_clients_harm_nobody() {
    let server = Server::start(&["--timeout", "2", "--max-body", "64KiB", "--quiet"]);
    let clip = wav(&[&voice(1.0, 140.0)]);
    let send = |text: &str| {
        let mut socket = server.connect();
        socket.write_all(text.as_bytes()).unwrap();
        socket
    };
    // A header that never ends, a body that never ends, silence, half a request, garbage.
    let slow_header = send("POST /v1/recognize HTTP/1.1\r\nHost: x\r\nX-A: ");
    let mut slow_body = send("POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nRIFF");
    let idle = send("");
    drop(send("POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nRIFF"));
    let garbage = Answer::read(&mut send("\u{1}\u{2}\u{3} nonsense\r\n\r\n")).unwrap();
    assert_eq!(garbage.status, 400);
    let mut endless = send("POST /v1/recognize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = [b"4000\r\n".as_slice(), &vec![b'x'; 0x4000], b"\r\n"].concat();
    let begun = Instant::now();
    while endless.write_all(&chunk).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "a body without end is read without end");
    }
    // A header that is too large.
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(200_000));
    let mut socket = server.connect();
    let _ = socket.write_all(large.as_bytes());
    assert!(Answer::read(&mut socket).is_none_or(|answer| answer.status == 431));
    // Others are served meanwhile.
    for _ in 0..5 {
        let begun = Instant::now();
        server.post("/v1/recognize", &clip).is_ok();
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    Answer::read(&mut slow_body).unwrap().is_problem(408, "did not come within 2 s");
    for mut socket in [slow_header, idle] {
        let mut rest = Vec::new();
        // Closed, with or without a word.
        let _ = socket.read_to_end(&mut rest);
    }
    // That which asks is open alone.
    server.until("ser_connections 1");
}

#[test]
fn work_that_takes_too_long_is_given_up() {
    let server = Server::start(&["--timeout", "1", "--jobs", "1", "--max-body", "64MiB", "--quiet"]);
    let long = wav(&[&voice(900.0, 140.0)]);
    server.post("/v1/recognize?timeline=true&hop=0.1", &long).is_problem(503, "took longer than 1 s");
    // What was given up does not keep its thread.
    server.until("ser_jobs 0");
}
