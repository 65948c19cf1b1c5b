#!/usr/bin/env bash
# make-seeds.sh PROGRAMS PYTHON: makes the seeds anew, all from tones and tables of our own. PROGRAMS is the folder of the
# built ser-train and ser-data, PYTHON one that has numpy, safetensors and pyarrow. Needs ffmpeg and flac.
set -euo pipefail
programs=$(realpath "$1") python=$2
cd "$(dirname "$0")/seeds"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A twentieth of a second of two tones, 8 kHz.
tone="aevalsrc=0.3*sin(2000*t)+0.1*sin(5100*t)|0.2*sin(1500*t):s=8000:d=0.05"
make() { ffmpeg -hide_banner -loglevel error -y -fflags +bitexact -f lavfi -i "$tone" -flags +bitexact "$@"; }
mkdir -p audio tables splits emobox audformat bundles checkpoints cache run published configs encoder-own
make -ac 1 audio/16.wav
make -c:a pcm_s24le audio/24-stereo.wav
make -c:a pcm_u8 -ac 1 audio/8.wav
make -c:a pcm_f32le -ac 1 audio/float.wav
make -c:a pcm_f64le -ac 1 audio/double.wav
make -c:a pcm_mulaw -ac 1 audio/mulaw.wav
make -c:a pcm_alaw -ac 1 audio/alaw.wav
make -c:a adpcm_ms -ac 1 audio/adpcm-ms.wav
make -c:a adpcm_ima_wav -ac 1 audio/adpcm-ima.wav
make -c:a libgsm_ms -ac 1 audio/gsm.wav
make -rf64 always -ac 1 audio/rf64.wav
make -f w64 -ac 1 audio/16.w64
make -ac 1 audio/16.aiff
make -c:a pcm_s16le -ac 1 audio/little.aifc 2>/dev/null || make -f aiff -c:a pcm_s16le -ac 1 audio/little.aifc || true
make -ac 2 "$work/stereo.wav"
make -ac 1 "$work/mono.wav"
flac --silent --force --no-padding --no-seektable -o audio/stereo.flac "$work/stereo.wav"
flac --silent --force --no-padding --tag=title=tone -o audio/mono.flac "$work/mono.wav"
make -c:a libvorbis -ac 1 audio/vorbis.ogg
make -c:a libopus -ac 1 -ar 48000 audio/opus.opus
make -c:a libmp3lame -ac 1 -ar 16000 -b:a 32k audio/tone.mp3
make -c:a libmp3lame -ac 2 -ar 44100 -b:a 64k -write_xing 0 -id3v2_version 0 audio/plain.mp3
make -c:a mp2 -ac 1 -ar 16000 audio/tone.mp2
make -c:a aac -ac 1 -ar 16000 audio/tone.m4a
make -c:a alac -ac 1 audio/alac.m4a
make -c:a aac -ac 1 -ar 16000 -f adts audio/tone.aac
make -c:a libvorbis -ac 1 audio/tone.webm
make -c:a pcm_s16le -ac 1 audio/tone.mka
make -c:a pcm_s16be -ac 1 audio/tone.caf
make -c:a pcm_s16be -ac 1 audio/tone.au

cat > tables/plain.csv <<'T'
path,emotion,speaker,sex,age,sentence,valence
a.wav,happy,s01,F,31,Hello,0.5
b.wav,sad,s02,male,29.0,"Say ""no"", please",-0.25
c.wav,boredom,s03,,,,
T
cat > tables/segments.csv <<'T'
file;label;speaker_id;start;end;channel
a.wav;happy;s01;0;0.02;1
a.wav;sad;s02;0.02;0.05;2
b.wav;neutral;s03;0 days 00:00:00.01;0:00.04;1
T
printf 'filename\temo\tspk\toffset\tduration\na.wav\thappy\ts01\t0\t0.02\nb.wav\tsad\ts02\t0.01\t0.03\n' > tables/tabs.tsv
cat > tables/lines.jsonl <<'T'
{"path": "a.wav", "emotion": "happy", "speaker": "s01", "age": 31}
{"audio_filepath": null, "path": "b.wav", "emotion": "sad", "speaker": 2, "extra": {"a": [1, 2.5]}}
T
cat > splits/split.csv <<'T'
path,side,speaker,fold
03-01-05-01-01-01-01.wav,train,01,1
03-01-05-01-01-01-01_noise.wav,test,01,1
spk2/b.wav,validation,02,2
T
for speaker in s01 s02 s03 s04 s05 s06; do
  for emotion in angry sad; do
    echo "{\"key\": \"synthetic-$speaker-$emotion-boat-1\", \"wav\": \"downloads/a.wav\", \"emo\": \"Anger\", \"length\": 2.5}"
  done
done > emobox/test.jsonl
cat > audformat/db.yaml <<'T'
name: made-up
source: tones of our own
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [happy, sad]}
  speaker: {dtype: str}
tables:
  emotion:
    type: segmented
    columns:
      emotion: {scheme_id: emotion}
      speaker: {scheme_id: speaker}
T
cat > audformat/db.emotion.csv <<'T'
file,start,end,emotion,speaker
a.wav,0 days 00:00:00,0 days 00:00:00.020000,happy,s01
a.wav,0 days 00:00:00.020000,0 days 00:00:00.040000,sad,s02
T
cp audio/16.wav audformat/a.wav

# A run of two epochs on the embedded corpus, and what it leaves.
cat > configs/small.toml <<'T'
name = "small"
seed = 1

[[corpora]]
kind = "synthetic"

[labels]
map = { surprise = "happy" }

[protocol]
kind = "speaker-kfold"
folds = 3

[audio]
sample_rate = 8000

[features]
kinds = ["mfcc"]

[model]
kind = "cnn"
channels = [4]
dense = 4
pool = "mean"

[train]
epochs = 2
batch_size = 16
T
cat > configs/grid.toml <<'T'
name = "grid"

[[corpora]]
kind = "manifest"
path = "t.csv"
columns = { path = "file", ignore = ["x"] }

[protocol]
kind = "random"
folds = 2

[augment]
copies = 1
noise = { snr_db = [5.0, 20.0], probability = 0.5 }

[grid]
train.learning_rate = [1e-3, 3e-4]
model.dropout = { min = 0.0, max = 0.5 }
samples = 3
T
"$programs/ser-train" --config configs/small.toml --fold 0 --cache "$work/cache" --out "$work/x" >/dev/null 2>&1
run=$(dirname "$(find "$work/x" -name run.json)")
for file in config.toml run.json split.csv clips.csv metrics.jsonl predictions.csv validation.csv embeddings.csv done.json; do
  cp "$run/$file" run/
done
cp "$run/bundle/model.safetensors" bundles/small.safetensors
cp "$run/checkpoints/best.safetensors" checkpoints/best.safetensors
cp "$(find "$work/cache" -name '*.safetensors' -size -24k | sort | head -1)" cache/entry.safetensors
mkdir -p "$work/d"
for speaker in x y z; do
  for emotion in happy sad; do
    frequency=$((500 + RANDOM % 1000))
    ffmpeg -hide_banner -loglevel error -y -f lavfi -i "aevalsrc=0.3*sin($frequency*t*(1+t)):s=8000:d=0.3" "$work/d/$speaker-$emotion.wav"
    echo "$speaker-$emotion.wav,$emotion,$speaker"
  done
done >"$work/rows"
(echo path,emotion,speaker; cat "$work/rows") >"$work/d/t.csv"
sed -e 's/kind = "synthetic"/kind = "manifest"\npath = "t.csv"/' -e '/surprise/d' configs/small.toml >"$work/t.toml"
"$programs/ser-train" --config "$work/t.toml" --fold 0 --data "$work/d" --cache "$work/known" --out "$work/y" >/dev/null 2>&1 || true
cp "$work/known/facts.jsonl" cache/facts.jsonl
cp ../../reports/published.toml published/published.toml

"$python" - <<'P'
import pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({"path": ["a.wav", "b.wav"], "emotion": ["happy", "sad"], "speaker": ["s01", "s02"], "age": [31, None]}), "tables/plain.parquet")
audio = [{"bytes": open("audio/16.wav", "rb").read(), "path": "a.wav"}, {"bytes": open("audio/mono.flac", "rb").read(), "path": None}]
kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
pq.write_table(pa.table({"audio": pa.array(audio, kind), "emotion": ["happy", "sad"], "speaker": ["s01", "s02"]}), "tables/sound.parquet")
P
"$python" ../make-ct2.py
"$programs/ser-data" encoder import ../../tests/golden/encoders/whisper --out "$work/own" --precision f16
cp "$work/own/"* encoder-own/
find . -type f | xargs ls -l | awk '{s+=$5} END {print s " bytes of seeds"}'
