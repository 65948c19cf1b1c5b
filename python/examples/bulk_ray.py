"""Emotions of a list of recordings with Ray Data: python bulk_ray.py BUNDLE LIST.csv OUT

LIST has a column path (and what else you like, which is kept); OUT becomes a folder of Parquet. The bundle and the
recordings must be where every worker finds them.
"""

import os
import sys

import pandas as pd
import ray


class Emotions:
    """One recogniser a worker; Ray spreads the work over processes, so that each has one thread."""

    def __init__(self, bundle: str) -> None:
        os.environ["RAYON_NUM_THREADS"] = "1"
        import serkit

        self.recognizer = serkit.Recognizer(bundle)

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        answers = self.recognizer.files(list(batch["path"]), errors="keep").to_pandas()
        return pd.concat([batch.drop(columns="path").reset_index(drop=True), answers], axis=1)


def main(bundle: str, listed: str, out: str, workers: int) -> None:
    if "RAY_ADDRESS" not in os.environ:
        # A core for reading and writing beside those that recognise: without one nothing would reach them.
        ray.init(num_cpus=workers + 1)
    rows = ray.data.from_pandas(pd.read_csv(listed)).repartition(4 * workers)
    found = rows.map_batches(
        Emotions,
        fn_constructor_args=(os.path.abspath(bundle),),
        batch_format="pandas",
        batch_size=64,
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    found.write_parquet(os.path.abspath(out))


if __name__ == "__main__":
    main(*sys.argv[1:4], workers=int(os.environ.get("WORKERS", os.cpu_count() or 1)))
