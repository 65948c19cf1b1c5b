#!/usr/bin/env bash
# Runs an experiment through a real one-node Slurm, as a job array, and in one call, and compares the results byte by byte.
#
#   scripts/slurm/test.sh            # as root, on Debian: installs slurm-wlm and munge where they are missing
#
# The cluster lives in a folder of its own, on ports of its own, and is gone at the end. BIN names the folder of the
# programs (default target/release).
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(realpath "${BIN:-target/release}")
[ -x "$bin/ser-train" ] || { echo "no $bin/ser-train: cargo build --release, or set BIN" >&2; exit 1; }
if ! command -v slurmctld slurmd munged >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq slurm-wlm munge >&2
fi

work=$(mktemp -d)
host=$(hostname -s)
export SLURM_CONF=$work/slurm.conf PATH=$bin:$PATH SER_CACHE=$work/cache
stop() {
  scontrol shutdown >/dev/null 2>&1 || true
  sleep 1
  for name in slurmctld slurmd munged; do
    [ -s "$work/$name.pid" ] && kill "$(cat "$work/$name.pid")" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap stop EXIT
mkdir "$work/state" "$work/spool"
chmod 700 "$work"
head -c 1024 /dev/urandom >"$work/munge.key"
chmod 400 "$work/munge.key"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munge.seed"
cat >"$SLURM_CONF" <<CONF
ClusterName=ser
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES State=UP
CONF
slurmctld -c
slurmd -c
for _ in $(seq 30); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo

config=configs/quickstart.toml
small=(--set train.epochs=2 --seed 1,2)
ser-train --config "$config" "${small[@]}" --out "$work/array" --list >"$work/runs.txt"
runs=$(wc -l <"$work/runs.txt")
echo "an array of $runs runs"
sbatch --wait --array="1-$runs" --output="$work/%A-%a.log" scripts/slurm/array.sh "$work/runs.txt" ||
  { tail -n 20 "$work"/*.log; exit 1; }
ser-train --config "$config" "${small[@]}" --out "$work/whole" --no-report 2>"$work/whole.txt"
compared=0
while read -r file; do
  cmp "$work/whole/$file" "$work/array/$file"
  compared=$((compared + 1))
done < <(cd "$work/whole" && find . -name predictions.csv -o -name validation.csv -o -name metrics.jsonl -o -name model.safetensors)
ser-eval "$work/whole" >/dev/null
ser-eval "$work/array" >/dev/null
cmp "$work/whole/report/predictions.csv" "$work/array/report/predictions.csv"
cmp "$work/whole/report/confusion.csv" "$work/array/report/confusion.csv"
[ "$compared" = $((4 * runs)) ] || { echo "only $compared files for $runs runs" >&2; exit 1; }
echo "$compared files of $runs runs are the same, to the byte, through Slurm and in one call"
