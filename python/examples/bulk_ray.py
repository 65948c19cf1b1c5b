"""Emotions of a list of recordings with Ray Data: python bulk_ray.py BUNDLE LIST.csv OUT

LIST has a column path (and what else you like, which is kept); OUT becomes a folder of Parquet. The bundle and the
recordings must be where every worker finds them.
"""

import os
import sys

import pandas as pd
import pyarrow as pa
import ray


class Emotions:
    """One recogniser a worker; Ray spreads the work over processes, so that each has one thread."""

    def __init__(self, bundle: str) -> None:
        os.environ["RAYON_NUM_THREADS"] = "1"
        import serkit

        self.recognizer = serkit.Recognizer(bundle)

    def __call__(self, batch: pa.Table) -> pa.Table:
        # Arrow's columns have their types in batches without errors, too: all parts are of one schema.
        answers = self.recognizer.files(batch["path"].to_pylist(), errors="keep").to_arrow()
        for name in batch.drop_columns("path").column_names:
            answers = answers.append_column(name, batch[name])
        return answers


def main(bundle: str, listed: str, out: str, workers: int) -> None:
    if "RAY_ADDRESS" not in os.environ:
        # Ray's workers are nice to 15, if nothing else is said: beside other work of this machine they would not move.
        os.environ.setdefault("RAY_worker_niceness", "0")
        # A core for reading and writing beside those that recognise: without one nothing would reach them.
        ray.init(num_cpus=workers + 1, include_dashboard=False)
    rows = ray.data.from_pandas(pd.read_csv(listed)).repartition(4 * workers)
    found = rows.map_batches(
        Emotions,
        fn_constructor_args=(os.path.abspath(bundle),),
        batch_format="pyarrow",
        batch_size=64,
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    found.write_parquet(os.path.abspath(out))


if __name__ == "__main__":
    main(*sys.argv[1:4], workers=int(os.environ.get("WORKERS", os.cpu_count() or 1)))
