#!/usr/bin/env python3
"""The table and the picture that open reports/reproduction.md: reports/glance.md and reports/plots/glance.svg;
and the page of claims, reports/claimed.md.

    scripts/glance.py

A row is a protocol: the best that is published under it, without and with pretraining (reports/published.toml), ours without an
encoder (the table of reports/reproduction.md, made by ser-eval --compare of finished runs), ours with one
(reports/encoder.csv, made by scripts/encoder_figures.py of finished runs). Nothing is typed here but which rows stand together.
"""
import csv
import html
import os
import re
import tomllib

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reports")
published = tomllib.load(open(f"{here}/published.toml", "rb"))
# An experiment may have several rows, under several titles.
by_title = {row["title"]: row["experiment"] for row in published["rows"] if row["part"] not in ("transfer", "ablation")}

# Name, corpus, protocol, figure, the experiments of ours without an encoder, and with one.
ROWS = [
    ("RAVDESS, Luna's 5 folds", "ravdess", "luna-5fold", "UAR", ["best-ravdess-luna", "distilled-ravdess-luna"], "tiny-2-ravdess-luna"),
    ("RAVDESS, EmoBox's 6 folds", "ravdess", "emobox", "WA", ["best-ravdess-emobox", "distilled-ravdess-emobox"], "tiny-2-ravdess-emobox"),
    ("SAVEE, one speaker out", "savee", "emobox", "WA", ["best-savee-emobox"], "tiny-2-savee-emobox"),
    ("CREMA-D, TFDS's speakers", "crema_d", "tfds", "UAR", ["best-crema_d-tfds"], "tiny-2-crema_d-tfds"),
    ("CREMA-D, EmoBox 1 (speakers SEEN)", "crema_d", "emobox", "WA", ["best-crema_d-emobox", "distilled-crema_d-emobox"], "tiny-2-crema_d-emobox"),
    ("TESS, one actress to the other", "tess", "cross-speaker", "UAR", ["best-tess-cross-speaker"], "tiny-2-tess-cross-speaker"),
    ("TESS, EmoBox 1 (speakers SEEN)", "tess", "emobox", "WA", ["best-tess-emobox"], "tiny-2-tess-emobox"),
]


def reproduced():
    """Experiment → UAR and WA with their deviations, and the interval of UAR by speakers."""
    found = {}
    for line in open(f"{here}/reproduction.md"):
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        name = by_title.get(cells[0].removesuffix(" LEAK DEMONSTRATION, NOT A RESULT"))
        if name and len(cells) > 6 and re.match(r"\d", cells[3]):
            low, high = map(float, cells[4].split(" to "))
            number = lambda cell: float(cell.split(" ")[0])
            found.setdefault(name, {"UAR": number(cells[3]), "WA": number(cells[5]), "low": low, "high": high})
    return found


def encoders():
    """Experiment → the same; EmoBox's figures are means over folds."""
    found = {}
    for row in csv.DictReader(open(f"{here}/encoder.csv")):
        wa = row["fold_wa"] if "emobox" in row["experiment"] else row["wa"]
        found[row["experiment"]] = {
            "UAR": float(row["uar"]), "WA": float(wa), "low": float(row["uar_low"]), "high": float(row["uar_high"])}
    return found


def best(corpus, protocol, metric, pretrained):
    of = [row for row in published["published"]
          if row["corpus"] == corpus and protocol in row["protocols"] and row["metric"] == metric
          and ("pretrained" in row.get("caveat", "")) == pretrained]
    return max(of, key=lambda row: row["value"], default=None)


def verdict(theirs, ours):
    """By the interval over speakers, moved to the figure that is compared: it is of UAR."""
    if theirs is None or ours is None:
        return ""
    if theirs["corpus"] == "tess":
        return "not decided: 2 speakers"
    value, metric = theirs["value"], theirs["metric"]
    half_low, half_high = ours["UAR"] - ours["low"], ours["high"] - ours["UAR"]
    low, high = ours[metric] - half_low, ours[metric] + half_high
    return "above" if low > value else "below" if high < value else "level"


def cell(of, metric):
    return "not run yet" if of is None else f"{of[metric]:.1f} ({of['low']:.0f} to {of['high']:.0f})"


def named(row):
    return "none found" if row is None else f"{row['value']:.1f}, {row['system'].split(',')[0]}"


def main():
    without, with_encoder = reproduced(), encoders()
    lines = ["# At a glance", "",
             "Published figures and ours under the same protocol; made by `scripts/glance.py` of "
             "[published.toml](published.toml), [reproduction.md](reproduction.md) and [encoder.csv](encoder.csv). "
             "In brackets: 95 % interval of our UAR by speaker. Verdicts: *above*, *below*, or *level* where "
             "the published figure lies within our interval (of WA: of that width around our WA); two speakers decide nothing. The encoder is Whisper tiny.en, "
             "frozen, 2 of its layers; "
             "of base and several layers see [encoder.md](encoder.md).", "",
             "| row | % | best published without pretraining | ours without | verdict | best published with pretraining | "
             "ours with an encoder | verdict |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    picture = []
    for name, corpus, protocol, metric, ours, encoder in ROWS:
        # The distilled networks where there are some: one network as the others, taught by five of the best recipe.
        plain = without.get(ours[-1]) or without.get(ours[0])
        rich = with_encoder.get(encoder)
        theirs, pretrained = (best(corpus, protocol, metric, of) for of in (False, True))
        lines.append(f"| {name} | {metric} | {named(theirs)} | {cell(plain, metric)} | {verdict(theirs, plain)} | "
                     f"{named(pretrained)} | {cell(rich, metric)} | {verdict(pretrained, rich)} |")
        picture.append((name, metric, theirs, plain, pretrained, rich))
    lines += ["", "![Published figures and ours](plots/glance.svg)", "",
              "Caveats of the published figures, what was chosen on what, and all other rows: "
              "[reproduction.md](reproduction.md). What is published under other protocols, unknown ones or leaks stands there "
              "apart."]
    open(f"{here}/glance.md", "w").write("\n".join(lines) + "\n")
    open(f"{here}/plots/glance.svg", "w").write(forest(picture))
    claims(without)


# What leaks, what is claimed under it and by whom, the figure, our rows with the leak and without it.
CLAIMS = [
    ("copies made before a random split, epoch picked on test", "four corpora, 98.16 WA printed, 89 claimed: the incumbent, 7.2 M "
     "parameters (its notebook and README)", "WA", "leak-demo", "combined"),
    ("copies made before a random split (ours picks its epoch on test, too)", "four corpora, 61 WA: 1-D CNN on 162 pooled features (a well-known public notebook)",
     "WA", "leak-demo", "combined"),
    ("the same on one corpus", "none that is known to be of this split", "WA", "leak-ravdess", "within-ravdess"),
    ("speakers on both sides, epoch picked on test", "RAVDESS, 84.17 WA: CNN, BiGRU, attention (emocatcher)", "WA",
     "best-ravdess-random", "best-ravdess-luna"),
    ("speakers on both sides", "TESS, 99.96 WA: frozen Whisper large v3 (EmoBox, which says so)", "WA", "best-tess-emobox",
     "best-tess-cross-speaker"),
    ("speakers on both sides", "CREMA-D, 69.0 WA: HuBERT (HEAR 2021, folds by file names)", "WA", "best-crema_d-emobox",
     "best-crema_d-tfds"),
    ("scaler that has seen the test clips", "RAVDESS, 62.32 UAR: ResLSTM (normalised on all data, tuned on test folds)", "UAR",
     "best-ravdess-luna-by-speaker", "best-ravdess-luna"),
    ("the same", "SAVEE: none found", "UAR", "best-savee-emobox-by-speaker", "best-savee-emobox"),
]


def claims(found):
    lines = ["# Claimed and measured", "",
             "What recipes of the field claim, what the same leak gives with a network of ours, and what is left of it without the "
             "leak: rows of [reproduction.md](reproduction.md), put together by `scripts/glance.py`. NO FIGURE WITH A LEAK IS A "
             "RESULT. Ours have another network than the claims (0.3 million parameters and fewer), so that the difference between "
             "the last two columns speaks of the leak, and that between claim and ours does not. Where the two columns test different "
             "clips (speakers on both sides of TESS and CREMA-D), the difference is not the leak's alone. The scaler of the last rows is fitted on each "
             "test speaker's clips; one that is fitted on all data has not been run. No epoch of ours is picked on test but in the "
             "demonstrations with copies.", "",
             "| what leaks | claimed | % | ours with the leak | ours without | difference |",
             "| --- | --- | --- | ---: | ---: | ---: |"]
    for what, claimed, metric, leaking, honest in CLAIMS:
        a, b = found.get(leaking), found.get(honest)
        if a and b:
            lines.append(f"| {what} | {claimed} | {metric} | {a[metric]:.1f} (`{leaking}`) | {b[metric]:.1f} (`{honest}`) | "
                         f"{a[metric] - b[metric]:+.1f} |")
        else:
            lines.append(f"| {what} | {claimed} | {metric} | not run | not run | |")
    lines += ["", "Each row's command is `scripts/reproduce.sh ROW`. Not shown by itself yet: the epoch picked on test without "
              "copies, a scaler fitted on all data, sentences on both sides."]
    open(f"{here}/claimed.md", "w").write("\n".join(lines) + "\n")


def forest(rows):
    width, left, right, step, top = 940, 320, 910, 56, 70
    height = top + step * len(rows) + 46
    across = lambda value: left + (right - left) * value / 100
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Published figures and ours by row" '
           f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="14">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    blue, red, grey = "#0072b2", "#d55e00", "#555"
    key = [(20, blue, "circle", "ours without an encoder"), (220, red, "circle", "ours with an encoder"),
           (410, blue, "line", "best published without pretraining"), (700, red, "line", "best published with")]
    for x, colour, kind, words in key:
        out.append(f'<circle cx="{x}" cy="22" r="6" fill="{colour}"/>' if kind == "circle" else
                   f'<path d="M{x} 14V30" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<text x="{x + 12}" y="27">{words}</text>')
    for value in range(0, 101, 20):
        x = across(value)
        out.append(f'<path d="M{x:.1f} {top - 12}V{height - 40}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{height - 20}" text-anchor="middle" fill="{grey}">{value} %</text>')
    for number, (name, metric, theirs, plain, pretrained, rich) in enumerate(rows):
        y = top + step * number + 14
        out.append(f'<text x="{left - 12}" y="{y + 5}" text-anchor="end">{html.escape(name)}, {metric}</text>')
        for of, line, colour, at in ((plain, theirs, blue, y - 9), (rich, pretrained, red, y + 9)):
            if line:
                x = across(line["value"])
                out.append(f'<path d="M{x:.1f} {at - 8}V{at + 8}" stroke="{colour}" stroke-width="3"/>')
            if of:
                shift = of[metric] - of["UAR"]
                low, high = (across(min(100, of[end] + shift)) for end in ("low", "high"))
                out.append(f'<path d="M{low:.1f} {at}H{high:.1f}" stroke="{colour}" stroke-width="2"/>'
                           f'<circle cx="{across(of[metric]):.1f}" cy="{at}" r="6" fill="{colour}"/>')
            elif colour == red:
                out.append(f'<text x="{left + 4}" y="{at + 5}" fill="{grey}" font-size="12">with an encoder: not run yet</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


main()
