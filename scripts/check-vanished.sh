#!/usr/bin/env bash
# Peers whose machine goes away in the middle of what they do: a network of its own (root is needed), 100 connections out of
# it that idle, send half a header, half a body or a stream, or do not read, and then the cable is cut. No FIN and no RST ever
# comes: the server's timeouts alone can end them. Prints the open connections over time; fails where one is left.
#
#   scripts/check-vanished.sh [TIMEOUT]        SER=folder of programs, default target/release
set -euo pipefail
timeout=${1:-20} ser=${SER:-target/release} token=0123456789abcdef0123456789abcdef work=$(mktemp -d)
cleanup() { kill $(jobs -p) 2>/dev/null || true; ip link del ser0 2>/dev/null || true; ip netns del ser 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
ip netns add ser
ip link add ser0 type veth peer name ser1 netns ser
ip addr add 10.99.0.1/24 dev ser0 && ip link set ser0 up
ip -n ser addr add 10.99.0.2/24 dev ser1 && ip -n ser link set ser1 up
echo $token > "$work/token" && chmod 600 "$work/token"
cat > "$work/peers.py" <<'EOF'
import base64, os, socket, time
AUTHORISED = "Host: x\r\nAuthorization: Bearer 0123456789abcdef0123456789abcdef\r\n"
held = []
def connection(first, read=False):
    held.append(socket.create_connection(("10.99.0.1", 8777), 5))
    held[-1].sendall(first if isinstance(first, bytes) else first.encode())
    return held[-1].recv(4096) if read else b""
def frame(kind, data):
    length = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([128 | kind]) + length + bytes(4) + data          # a mask of zeros
for _ in range(20):
    connection("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", read=True)
    connection("GET /healthz HT")
    connection(b"POST /v1/recognize HTTP/1.1\r\nContent-Length: 100000\r\n" + AUTHORISED.encode() + b"\r\nRIFF" + bytes(5000))
    connection("GET /v1/stream HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n{AUTHORISED}\r\n", read=True)
    held[-1].sendall(frame(1, b'{"rate":16000,"format":"s16le"}') + frame(2, b"\1\0" * 16000))
    connection("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
print("ready", flush=True)
time.sleep(600)
EOF
"$ser/ser-serve" --bind 10.99.0.1 --port 8777 --token-file "$work/token" --timeout "$timeout" --quiet & server=$!
open() { curl -s -m 5 -H "Authorization: Bearer $token" http://10.99.0.1:8777/metrics | awk '/^ser_connections /{c = $2 - 1} /^ser_streams /{s = $2} END {print c + 0, s + 0}'; }
sleep 1
ip netns exec ser python3 "$work/peers.py" > "$work/log" & 
until grep -q ready "$work/log"; do sleep 0.2; done
sleep 1
echo "connections and streams with the cable: $(open)"
ip -n ser link set ser1 down
for _ in 1 2 3 4 5; do sleep $((timeout / 4 + 1)); echo "after $((SECONDS)) s: $(open)"; done
[ "$(open)" = "0 0" ]
kill -TERM $server && wait $server
echo "none is left, and the server ends"
