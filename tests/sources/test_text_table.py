"""Texts: what is read, and the one sentence said when it cannot be."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from appliedml.core.registry import build, entry_of
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts
from appliedml.errors import DataError, ParameterError
from appliedml.sources.text_table import TextTable, read_texts

ROWS = {
    "id": [1, 2, 3, 4],
    "product": ["p", "p", "q", "q"],
    "review": ['I "love" it, really\nI do', "<script>alert(1)</script> 👍", "NA", None],
    "score": ["great", " great", "other ", "other"],
    "sex": ["f", "m", "f", "m"],
    "seen": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
    "note": ["not", "for", "the", "model"],
}
SCHEMA = Schema("score", ["sex"], group="product", time="seen", row_id="id")


@pytest.fixture
def write(tmp_path):
    """Write a file in the format of its name and return its path."""

    def write(name="reviews.csv", rows=ROWS):
        frame, path = pd.DataFrame(rows), tmp_path / name
        if ".parquet" in name:
            frame.to_parquet(path)
        elif "json" in name:
            lines = [
                json.dumps({k: v for k, v in r.items() if v is not None})
                for r in frame.astype(object).to_dict("records")
            ]
            content = "\n".join(lines).encode()
            path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        else:
            frame.to_csv(path, index=False)
        return path

    return write


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz", "r.parquet", "r.jsonl", "r.ndjson.gz", "r.json", "r.txt"])
def test_every_format_gives_the_same_samples(write, name):
    source = TextTable(str(write(name)), text="review")

    read = source.read(SCHEMA)

    assert isinstance(read.X, Texts)
    assert read.X.column == "review"
    assert read.X.strings.tolist() == ROWS["review"]
    assert read.y.tolist() == ["great", "great", "other", "other"]
    assert read.group.tolist() == ROWS["product"]
    assert read.row_id.tolist() == ROWS["id"]
    assert read.sensitive["sex"].tolist() == ROWS["sex"]
    assert read.time.tolist() == list(pd.date_range("2024-01-01", periods=4))
    assert not any("note" in column for column in read.meta)
    assert source.notes_ == ["review: 1 of 4 texts are missing.", "score: stray spaces taken off 2 labels."]
    assert source.column_names() == list(ROWS)


def test_the_short_form_and_the_plan_entry_are_the_same_source():
    source = TextTable.from_short("reviews.csv")

    assert entry_of(source) == {"text_table": {"path": "reviews.csv"}}
    assert build("sources", entry_of(source)).get_params() == source.get_params()


def test_content_tells_the_format_where_the_name_does_not(write, tmp_path):
    (tmp_path / "data.csv").write_bytes(write("r.jsonl").read_bytes())

    assert len(read_texts(tmp_path / "data.csv", SCHEMA, text="review")) == 4


def test_texts_of_any_kind_and_length_are_read_as_they_are(write):
    texts = ["x" * 300_000, "a,b;c|d\t'e' \"f\"", "Ωραίο 很好 שלום \u202e", "007 agents", "None"]
    rows = {"text": texts, "y": list("ababa")}

    for name in ("r.csv", "r.parquet", "r.jsonl"):
        assert list(read_texts(write(name, rows), Schema("y")).X) == texts


def test_rows_without_a_target_are_kept_for_cleaning(write):
    rows = {"text": ["a b", "c d", "e f", "g h"], "y": ["x", None, "  ", "z"]}

    assert pd.isna(read_texts(write("r.parquet", rows), Schema("y")).y).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("r.csv", [1, 2, 3]),
        ("r.csv", ["1,234.50", "12 %", " 7 "]),
        ("r.parquet", [1.5, 2.5, 3.5]),
        ("r.jsonl", [1, 2, 3]),
    ],
)
def test_a_column_of_numbers_is_refused(write, name, values):
    path = write(name, {"text": values, "y": list("aba")})

    with pytest.raises(DataError, match=r"column 'text' of .* must hold text. It holds numbers such as") as caught:
        read_texts(path, Schema("y"))

    assert "\n" not in str(caught.value)


def test_half_characters_of_json_lines_are_repaired_in_texts_and_other_columns(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"text": "\\ud83d bad", "y": "a\\ud83d"}\n{"text": "good", "y": "b"}\n')
    source = TextTable(str(tmp_path / "r.jsonl"))

    read = source.read(Schema("y"))

    assert list(read.X) == ["\ufffd bad", "good"]
    assert read.y.tolist() == ["a\ufffd", "b"]
    assert [note.partition(":")[0] for note in source.notes_] == ["text", "y"]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_stray_zero_characters_are_taken_out_and_counted(write, name):
    path = write(name, {"text": ["go@od", "fine tea", "bad"], "y": list("aba")})
    path.write_bytes(path.read_bytes().replace(b"@", b"\0"))
    source = TextTable(str(path))

    assert list(source.read(Schema("y")).X) == ["good", "fine tea", "bad"]
    assert source.notes_ == ["1 zero character (NUL) removed from the file."]
    assert source.column_names() == ["text", "y"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", ["good tea", "Привет как дела"])
def test_wide_encodings_are_still_recognised(write, encoding, text):
    path = write("r.csv", {"text": [text] * 9, "y": list("ababababa")})
    path.write_bytes(path.read_text("utf-8").encode(encoding))

    with pytest.raises(DataError, match="utf-16"):
        read_texts(path, Schema("y"))
    assert list(read_texts(path, Schema("y"), encoding=encoding).X) == [text] * 9


def test_half_characters_of_other_encodings_are_repaired(write):
    path = write("r.csv", {"text": ["a@b", "fine tea", "bad"], "y": list("aba")})
    path.write_bytes(path.read_bytes().replace(b"@", b"+2AA-"))
    source = TextTable(str(path), encoding="utf-7")

    assert source.read(Schema("y")).X[0] == "a\ufffdb"
    assert source.notes_ == ["1 broken character of the file replaced by U+FFFD."]


def test_numbers_among_texts_are_kept_and_counted(write):
    source = TextTable(str(write("r.csv", {"text": ["good", "4.5", "10", ""], "y": list("abab")})))

    assert source.read(Schema("y")).X.strings.tolist() == ["good", "4.5", "10", None]
    assert source.notes_ == ["text: 1 of 4 texts are missing.", "text: 2 of 4 texts are a bare number such as '4.5'."]


@pytest.mark.parametrize(
    ("rows", "schema", "options", "sentence"),
    [
        ({"review": ["a"], "y": ["b"]}, Schema("y"), {}, r"'text' is not in .*. Columns close to it|Its columns"),
        ({"text": ["a", "b"], "y": ["c", "c"]}, Schema("y"), {}, r"at least two classes"),
        ({"text": ["a", "b"], "y": ["c", "d"]}, Schema("z"), {}, r"target column 'z' is not in the table"),
        ({"text": ["a", "b"], "y": ["c", "d"]}, Schema("text"), {}, r"The schema names it as the target"),
        ({"text": ["a", "b"], "y": ["c", "d"]}, Schema("y", ignore=["text"]), {}, r"the ignored column too"),
        ({"text": [None, None], "y": ["c", "d"], "z": 1}, Schema("y"), {}, r"has no text in any of its 2 rows"),
        ({"text": ["a", "b"], "y": ["c", "d"], "s": ["e", "f"]}, Schema("y", ["s"], sensitive_as_features=True), {},
         r"sensitive columns cannot be features"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(write, rows, schema, options, sentence):
    path = write("r.csv", rows)

    with pytest.raises(DataError, match=sentence) as caught:
        read_texts(path, schema, **options)

    assert "\n" not in str(caught.value)


def test_parquet_with_dates_or_bytes_as_texts_is_refused(write):
    dates = write("d.parquet", {"text": pd.date_range("2024-01-01", periods=2), "y": ["a", "b"]})
    held = write("b.parquet", {"text": [b"x", b"y"], "y": ["a", "b"]})
    nested = write("n.parquet", {"text": ["x", "y"], "other": [[1], [2]], "y": ["a", "b"]})

    with pytest.raises(DataError, match="It holds dates such as 2024-01-01"):
        read_texts(dates, Schema("y"))
    with pytest.raises(DataError, match="holds bytes values"):
        read_texts(held, Schema("y"))
    assert len(read_texts(nested, Schema("y"))) == 2


def test_damaged_files_zip_files_and_absent_columns_are_refused(tmp_path, write):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04rest")
    (tmp_path / "b.parquet").write_bytes(b"PAR1rest")

    with pytest.raises(DataError, match="is an Excel or ZIP file. Unpack it"):
        read_texts(tmp_path / "a.zip", SCHEMA)
    with pytest.raises(DataError, match="not a readable Parquet file"):
        TextTable(str(tmp_path / "b.parquet")).column_names()
    with pytest.raises(DataError, match="the text column 'reveiw' is not in .* Columns close to it: 'review'"):
        TextTable(str(write()), text="reveiw").column_names()
    with pytest.raises(ParameterError, match="text must be a text"):
        TextTable(str(write()), text="").read(SCHEMA)


def test_the_embedded_reviews_are_what_their_card_says(root):
    schema = Schema("score", group="product", row_id="review_id", positive="great")

    read = TextTable("data/reviews.parquet").read(schema, folder=root)

    lengths = [len(text) for text in read.X]
    assert (len(read), int((read.y == "great").sum()), len(np.unique(read.group))) == (5000, 3258, 5000)
    assert (min(lengths), max(lengths), int(np.median(lengths))) == (50, 8055, 278)
    assert (root / "data" / "reviews.parquet").stat().st_size < 1_000_000


def test_the_embedded_reviews_are_the_ones_of_the_real_data(root, shared_data):
    embedded = pd.read_parquet(root / "data" / "reviews.parquet")
    real = pd.read_csv(shared_data / "fine_food_reviews" / "reviews.csv.gz", keep_default_na=False)

    pd.testing.assert_frame_equal(
        embedded.drop(columns="review_id").rename(columns={"text": "review"})[list(real.columns)], real
    )
