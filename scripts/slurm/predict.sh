#!/usr/bin/env bash
# One share of a long list of recordings a task of a Slurm job array (docs/bulk.md):
#
#   sbatch --array=1-32 scripts/slurm/predict.sh model.safetensors calls.csv /shared/emotions
#
# A task that was killed is submitted again as it is: what is there is kept. Bundle, list, recordings and folder have to be
# on a disk that all nodes share.
#SBATCH --job-name=ser-predict
#SBATCH --output=ser-predict-%A-%a.log
#SBATCH --requeue
set -euo pipefail
bundle=${1:?a bundle} list=${2:?a list of recordings} out=${3:?a folder for the parts}
# As many threads as the task was given cores.
export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
exec ser-predict "$bundle" --manifest "$list" --out "$out" --part-rows "${PART_ROWS:-1000}" \
  --shard "${SLURM_ARRAY_TASK_ID:?submit this script with sbatch --array}/${SLURM_ARRAY_TASK_COUNT:?}"
