#!/usr/bin/env bash
# One run of an experiment a task of a Slurm job array:
#
#   ser-train --config configs/ravdess.toml --seed 1,2,3 --out /shared/ravdess --list > runs.txt
#   sbatch --array=1-$(wc -l < runs.txt) scripts/slurm/array.sh runs.txt
#   ser-eval /shared/ravdess                                        # when the array is done
#
# --out, --data and --cache have to be on a disk that all nodes share. A task that was killed is submitted again as it is:
# the commands resume. Give resources on sbatch's command line, as in --cpus-per-task=4 --mem=4G --time=2:00:00.
#SBATCH --job-name=ser
#SBATCH --output=ser-%A-%a.log
#SBATCH --requeue
set -euo pipefail
runs=${1:?a file of commands, as ser-train --list prints them}
command=$(sed -n "${SLURM_ARRAY_TASK_ID:?submit this script with sbatch --array}p" "$runs")
[ -n "$command" ] || { echo "$runs has no line $SLURM_ARRAY_TASK_ID" >&2; exit 2; }
# As many threads as the task was given cores.
export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
echo "$command"
eval "$command"
