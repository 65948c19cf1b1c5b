// Collects what the microphone gives, one channel, in pieces of about a twentieth of a second.
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(2048);
    this.filled = 0;
    this.port.onmessage = () => this.flush();
  }

  flush() {
    this.port.postMessage(this.piece.slice(0, this.filled));
    this.filled = 0;
  }

  process(inputs) {
    const samples = inputs[0][0];
    if (samples) {
      for (const sample of samples) {
        this.piece[this.filled++] = sample;
        if (this.filled === this.piece.length) this.flush();
      }
    }
    return true;
  }
}
registerProcessor("capture", Capture);
