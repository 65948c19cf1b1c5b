"""Treats a running ser-serve badly and checks that nobody else notices: malformed requests, clients that are slow, silent or
never end, frames of 100 MB. Needs Python alone. With schemathesis installed, its requests against /openapi.json come first.

    python3 scripts/check_serve.py target/release/ser-serve [--requests 10000] [--schemathesis PATH]
"""

import argparse, base64, collections, math, os, random, re, signal, socket, struct, subprocess, sys, tempfile, threading, time

RATE = 16_000
# Everything but 500: what the interface promises, and what HTTP itself may answer.
FINE = {200, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 422, 426, 429, 431, 501, 503, 505}


def voice(seconds):
    at = lambda t: 6000 * (0.5 + 0.5 * math.sin(9 * t)) * math.sin(2 * math.pi * 140 * t + 3 * math.sin(6 * t))
    return struct.pack(f"<{int(RATE * seconds)}h", *(int(at(i / RATE)) for i in range(int(RATE * seconds))))


def wav(seconds):
    data = voice(seconds)
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVEfmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", len(data))
    return head + data


class Server:
    def __init__(self, program, arguments):
        self.process = subprocess.Popen([program, "--port", "0", *arguments], stderr=subprocess.PIPE, text=True, errors="replace")
        self.lines = []
        for line in self.process.stderr:
            found = re.search(r"listening on http://127.0.0.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            if "panicked" in line or len(self.lines) < 100:
                self.lines.append(line.rstrip())

    def connect(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def send(self, request, timeout=30):
        """Sends bytes and reads to the end; the status, 0 where the server only closed, and the answer."""
        with self.connect(timeout) as link:
            # Whoever closes his side is taken to be gone, and is not answered.
            try:
                link.sendall(request)
            except OSError:
                pass
            answer = b""
            try:
                while piece := link.recv(1 << 16):
                    answer += piece
            except (ConnectionError, socket.timeout):
                pass
        # Whoever asks whether to go on is told so first.
        answer = re.sub(rb"^HTTP/1\.1 100 Continue\r\n\r\n", b"", answer)
        found = re.match(rb"HTTP/1\.[01] (\d+)", answer)
        return (int(found[1]) if found else 0), answer

    def post(self, path, body, headers=""):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        return self.send(head.encode("latin-1", "replace") + body, 120)

    def get(self, path):
        return self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    def memory(self):
        text = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def malformed(rng, clip):
    """One request that is wrong in some way, most of them; as bytes."""
    noise = lambda n: bytes(rng.randrange(256) for _ in range(n))
    text = lambda: "".join(rng.choice("abc%=&?/\\\"'<>{}[]\0\x7fäé€ \t01234.-+eNaN") for _ in range(rng.randrange(12)))
    kind = rng.randrange(8)
    if kind == 0:
        return noise(rng.randrange(1, 300)) + b"\r\n\r\n"
    method = rng.choice(["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "GE T", "", "get", "X" * 300])
    path = rng.choice(["/v1/recognize", "/v1/stream", "/v1/models", "/metrics", "/", "/openapi.json", "/..%2f..", "/" + text(), "*"])
    keys = ["timeline", "window", "hop", "gate", "top", "threshold", "channel", "segments", "format", "name", text()]
    values = ["true", "false", "0", "-1", "1e999", "NaN", "inf", "3", "0.2", "60", "left", "each", "vad", "csv", "jsonl", text(), "9" * 400]
    query = "&".join(f"{rng.choice(keys)}={rng.choice(values)}" for _ in range(rng.randrange(4)))
    body = clip
    if kind == 1:
        body = clip[: rng.randrange(len(clip))]
    elif kind == 2:
        damaged = bytearray(clip)
        for _ in range(rng.randrange(1, 20)):
            damaged[rng.randrange(60 if rng.random() < 0.7 else len(damaged))] = rng.randrange(256)
        body = bytes(damaged)
    elif kind == 3:
        body = rng.choice([b"", b"fLaC", b"OggS", b"ID3\x04", b"\xff\xfb\x90\0", b"\x1aE\xdf\xa3", b"FORM\0\0\0\0AIFF"]) + noise(rng.randrange(400))
    elif kind == 4:
        edge = rng.choice(["xyz", "", "x" * 100, text()])
        part = f'--{edge}\r\nContent-Disposition: form-data; name="{rng.choice(["file", text()])}"; filename="{text()}"\r\n\r\n'
        body = part.encode("utf-8", "replace") + clip[: rng.randrange(3000)] + rng.choice([b"", f"\r\n--{edge}--\r\n".encode("utf-8", "replace")])
    length = rng.choice([len(body)] * 6 + [0, 1, len(body) + 100, -1, 10**20, "x"])
    headers = [f"Content-Length: {length}"] if rng.random() < 0.9 else ["Transfer-Encoding: chunked"]
    if kind == 4:
        headers.append(f"Content-Type: multipart/form-data; boundary={edge}")
    if rng.random() < 0.3:
        headers.append(rng.choice(["Expect: 100-continue", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13",
                                   "Origin: null", "Authorization: Bearer " + text(), "Host: " + text(), text() + ": " + text(), "X: " + "y" * 20000]))
    head = f"{method} {path}{'?' + query if query else ''} {rng.choice(['HTTP/1.1'] * 8 + ['HTTP/1.0', 'HTTP/9', ''])}\r\n"
    lines = ([] if rng.random() < 0.1 else ["Host: x"]) + ["Connection: close"] + headers
    return (head + "\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace") + body


def in_threads(count, jobs, work):
    """work(i) for all i; the first exception is raised."""
    numbers, failed, lock = iter(range(count)), [], threading.Lock()

    def run():
        while not failed:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                work(number)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(jobs)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    if failed:
        raise failed[0]


def upgrade(server):
    link = server.connect()
    key = base64.b64encode(os.urandom(16)).decode()
    link.sendall(f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += link.recv(4096)
    assert b" 101 " in answer.split(b"\r\n")[0], answer
    return link


def frame(code, payload, announced=None, mask=b"\0\0\0\0"):
    length = len(payload) if announced is None else announced
    size = struct.pack(">B", 0x80 | length) if length < 126 else struct.pack(">BH", 0x80 | 126, length) if length < 1 << 16 else struct.pack(">BQ", 0x80 | 127, length)
    return bytes([0x80 | code]) + size + mask + payload


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("bundle", nargs="*")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemathesis", help="its program, or a folder that its package is in")
    parser.add_argument("--schemathesis-seconds", type=int, help="it stops then")
    given = parser.parse_args()
    server = Server(given.program, [*given.bundle, "--timeout", "5", "--max-body", "8MiB", "--quiet"])
    clip, short = wav(2.0), wav(0.3)
    status, answer = server.post("/v1/recognize", clip)
    assert status == 200, answer[:500]
    expected = answer.split(b"\r\n\r\n")[1]

    # Somebody who only wants an answer, all along.
    stop, waits, wrong = threading.Event(), [], []

    def neighbour():
        while not stop.is_set():
            begun = time.monotonic()
            status, answer = server.post("/v1/recognize", clip)
            waits.append(time.monotonic() - begun)
            if status == 200 and answer.split(b"\r\n\r\n")[1] != expected or status not in (200, 429):
                wrong.append((status, answer[:300]))
            time.sleep(0.2)

    watcher = threading.Thread(target=neighbour, daemon=True)
    watcher.start()
    files = server.files()

    if given.schemathesis:
        environment = dict(os.environ)
        command = [os.path.abspath(given.schemathesis) if os.path.exists(given.schemathesis) else given.schemathesis]
        if os.path.isdir(given.schemathesis):
            environment["PYTHONPATH"] = os.path.abspath(given.schemathesis)
            command = [sys.executable, "-c", "import sys; from schemathesis.cli import run; sys.argv[0] = 'schemathesis'; run()"]
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        # The WebSocket's answers are not those of HTTP. Recordings' queries and forms take most of the requests: the other
        # operations have nothing to vary.
        command += ["run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", checks, "--exclude-path", "/v1/stream",
                    "--max-examples", str(max(10, given.requests)), "--workers", "4", "--seed", str(given.seed), "--request-timeout", "60"]
        if given.schemathesis_seconds:
            command += ["--max-time", str(given.schemathesis_seconds)]
        # It keeps notes where it runs.
        with tempfile.TemporaryDirectory() as dir:
            ran = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=dir)
        print("schemathesis:", *ran.stdout.splitlines()[-12:], sep="\n  ")
        assert "Unresolvable" not in ran.stdout, "the description refers to what it does not have"
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]

    counts = collections.Counter()

    def one(number):
        request = malformed(random.Random(f"{given.seed} {number}"), short)
        status, answer = server.send(request, 15)
        counts[status] += 1
        assert status in FINE | {0}, (number, status, request[:200], answer[:500])

    begun = time.monotonic()
    in_threads(given.requests // 10, 8, one)
    before = server.memory()
    in_threads(given.requests - given.requests // 10, 8, lambda number: one(number + given.requests // 10))
    print(f"{given.requests} malformed requests in {time.monotonic() - begun:.0f} s:", dict(sorted(counts.items())))

    # Bodies that never end, heads that never end, and nothing at all, many at once.
    held = []
    for i in range(200):
        link = server.connect()
        link.sendall([b"", b"GET / HT", b"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nRIFF",
                      b"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nRIFF\r\n"][i % 4])
        held.append(link)
    for link in held[:50]:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()  # reset
    dripping = [link for i, link in enumerate(held[50:]) if i % 4 == 1]
    for _ in range(20):
        for link in dripping:
            try:
                link.sendall(b"\x00")
            except OSError:
                pass
        time.sleep(0.5)
    gone = 0
    for link in held[50:]:
        link.settimeout(10)
        try:
            while link.recv(1 << 16):
                pass
            gone += 1
        except ConnectionError:
            gone += 1
        except socket.timeout:
            pass
        link.close()
    print(f"{gone} of {len(held) - 50} clients that were silent or dripped were told to go")
    assert gone == len(held) - 50

    # A client that does not read: the server gives up on it.
    link = upgrade(server)
    # Windows of silence of 64 channels cost little and fill what the system holds for a reader.
    opening = b'{"rate": 16000, "format": "u8", "channels": 64, "channel": "each", "window": 0.2, "hop": 0.05, "gate": 0.0}'
    link.sendall(frame(1, opening))
    link.settimeout(60)
    cut_off = False
    try:
        for _ in range(500):
            link.sendall(frame(2, bytes([128]) * 64 * RATE))
    except OSError:
        cut_off = True
    assert cut_off, "a client that does not read is answered for ever"
    print("a client that did not read was cut off")
    link.close()

    # Frames of 100 MB: announced alone, then sent, then in pieces that are allowed each.
    for _ in range(5):
        link = upgrade(server)
        link.sendall(frame(1, b'{"rate": 16000}') + frame(2, b"x" * 1000, announced=100 << 20))
        sent = 0
        try:
            while sent < 100 << 20:
                link.sendall(bytes(1 << 20))
                sent += 1 << 20
        except OSError:
            pass
        assert sent < 20 << 20, f"{sent} bytes of a frame that is too large were taken"
        link.close()
        link = upgrade(server)
        try:
            link.sendall(frame(1, b"x" * (100 << 20)))
        except OSError:
            pass
        link.close()
    print("frames of 100 MB are refused before they are taken in")
    for _ in range(200):  # streams that are half open, or say nonsense
        link = upgrade(server)
        link.sendall(random.Random(given.seed).choice([b"", b"\xff" * 50, frame(1, b"{"), frame(3, b""), frame(2, b"abc")]))
        link.close()

    begun = time.monotonic()
    while server.files() > files + 4 and time.monotonic() - begun < 30:
        time.sleep(0.2)
    after = server.memory()
    stop.set()
    watcher.join()
    waits.sort()
    print(f"a neighbour's {len(waits)} requests: median {1e3 * waits[len(waits) // 2]:.0f} ms, longest {1e3 * waits[-1]:.0f} ms; "
          f"wrong answers: {len(wrong)}")
    print(f"memory {before:.0f} MB after the first tenth of the requests, {after:.0f} MB at the end; "
          f"open files {files} before, {server.files()} after")
    assert not wrong, wrong[:3]
    assert server.files() <= files + 4, "files stay open"
    assert after < before + 64, "memory grows"
    assert not [line for line in server.lines if "panicked" in line], server.lines

    # What is under way at SIGTERM is finished: a long recording, and a stream, which is told of its end.
    link = upgrade(server)
    link.sendall(frame(1, b'{"rate": 16000}') + frame(2, voice(2.0)))
    long, late = wav(20.0), []
    under_way = threading.Thread(target=lambda: late.append(server.post("/v1/recognize?timeline=true&hop=0.2", long)))
    under_way.start()
    while b"\nser_jobs 1" not in server.get("/metrics")[1]:
        assert under_way.is_alive(), "the recording was answered before the signal: it is too short for this machine"
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    told = b""
    link.settimeout(20)
    while piece := link.recv(1 << 16):
        told += piece
    under_way.join()
    [(status, answer)] = late
    assert status == 200 and b"20.0" in answer[-2000:], (status, answer[-200:])
    assert b'"end":{' in told, told[-200:]
    assert server.process.wait(20) == 0
    assert not [line for line in server.lines if "panicked" in line], server.lines
    print(f"it ended {time.monotonic() - begun:.1f} s after SIGTERM, once a recording of 20 s and a stream were answered to their ends, without a panic")


if __name__ == "__main__":
    main()
