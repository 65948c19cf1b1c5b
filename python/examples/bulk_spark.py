"""Emotions of a list of recordings with PySpark: python bulk_spark.py BUNDLE LIST.csv OUT

LIST has a column path; OUT becomes a folder of Parquet. The recogniser is shipped by its path and digest: the bundle and
the recordings must be where every worker finds them.
"""

import os
import sys
from typing import Iterator

import pandas as pd
import serkit
from pyspark.sql import SparkSession


def main(bundle: str, listed: str, out: str, workers: int) -> None:
    # This interpreter, where nothing else is said: Spark takes the python3 of the path, which may not have serkit.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = (
        SparkSession.builder.master(os.environ.get("MASTER", f"local[{workers}]"))
        .appName("emotions")
        .config("spark.executorEnv.RAYON_NUM_THREADS", "1")
        .getOrCreate()
    )
    recognizer = serkit.Recognizer(bundle)

    def emotions(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        os.environ["RAYON_NUM_THREADS"] = "1"  # a task has a core
        for batch in batches:
            yield recognizer.files(list(batch["path"]), errors="keep").to_pandas()

    columns = ["path string", "seconds double", "emotion string", "confidence float"]
    columns += [f"`p_{name}` float" for name in recognizer.classes] + ["error string"]
    rows = spark.read.csv(listed, header=True).select("path").repartition(4 * workers)
    rows.mapInPandas(emotions, ", ".join(columns)).write.parquet(out)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:4], workers=int(os.environ.get("WORKERS", os.cpu_count() or 1)))
