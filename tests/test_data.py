"""Data: read, checked against the network's shapes, prepared, and split; written whole or not at all."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np
import pytest

from symnet.data import prepare, read_npz, split, write_npz
from symnet.errors import DataError, SymnetError
from symnet.files import write_atomically

X = [[0, 0], [0, 1], [1, 0], [1, 1]]
NEEDED = {"X": ("N", 2), "Y": ("N", 1)}


def columns(*values):
    return [[value] for value in values]


class TestPrepare:
    def test_numbers_of_any_kind_become_float64(self):
        found = prepare({"X": np.array(X, np.uint8), "Y": columns(0, 1, 1, 0), "Z": "unused"}, NEEDED)
        assert {name: array.dtype for name, array in found.items()} == {"X": float, "Y": float}
        assert found["X"].tolist() == X

    def test_labels_become_rows_and_pixels_become_shares(self):
        found = prepare(
            {"X": [[0, 16], [4, 8]], "Y": np.array([2, 0])},
            {"X": ("N", 2), "Y": ("N", 3)},
            one_hot={"Y": 3},
            scale={"X": 16},
        )
        assert found["X"].tolist() == [[0, 1], [0.25, 0.5]]
        assert found["Y"].tolist() == [[0, 0, 1], [1, 0, 0]]

    def test_positions_stay_whole(self):
        found = prepare({"token": [[0, 2], [1, 1]]}, {"token": ("N", "T")}, whole=["token"])
        assert found["token"].dtype.kind == "i"
        with pytest.raises(DataError, match="more than whole numbers"):
            prepare({"token": [[0.5]]}, {"token": ("N", "T")}, whole=["token"])
        with pytest.raises(DataError, match="more than whole numbers"):
            prepare({"token": [[-1]]}, {"token": ("N", "T")}, whole=["token"])

    @pytest.mark.parametrize(
        ("arrays", "words", "expected"),
        [
            ({"x": X, "Y": columns(0, 1, 1, 0)}, "there is no array X", "(N, 2)"),
            ({"X": [[0, 0, 0]], "Y": columns(0)}, "X has the shape (1, 3)", "(N, 2)"),
            ({"X": [0, 0], "Y": columns(0)}, "X has the shape (2,)", "(N, 2)"),
            (
                {"X": X, "Y": columns(0, 1, 1)},
                "Y has the shape (3, 1): N is 3 there but 4 in X",
                "N = 4 in both",
            ),
            ({"X": np.zeros((0, 2)), "Y": np.zeros((0, 1))}, "X is empty", "(N, 2)"),
            ({"X": [[0, 0], [0]], "Y": columns(0, 1)}, "rows of one length", "numbers"),
            ({"X": [["0", "1"]], "Y": columns(0)}, "does not hold numbers", "numbers"),
            ({"X": [[0, None]], "Y": columns(0)}, "does not hold numbers", "numbers"),
            ({"X": {"a": 1}, "Y": columns(0)}, "does not hold numbers", "numbers"),
            ({"X": [[0, 1j]], "Y": columns(0)}, "does not hold numbers", "numbers"),
            ({"X": [[0, 10**400]], "Y": columns(0)}, "does not hold numbers", "numbers"),
            ({"X": [[0, float("nan")]], "Y": columns(0)}, "X is nan at [0, 1]", "finite"),
            ({"X": [[0, 1], [float("inf"), 1]], "Y": columns(0, 1)}, "X is inf at [1, 0]", "finite"),
        ],
    )
    def test_what_does_not_fit(self, arrays, words, expected):
        with pytest.raises(DataError) as caught:
            prepare(arrays, NEEDED, place="xor.toml, [data]")
        assert words in caught.value.message
        assert expected in caught.value.expected
        assert caught.value.place == "xor.toml, [data]"

    @pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0.5, 1], [[0, 1], [1, 0]]])
    def test_what_are_no_labels(self, labels):
        with pytest.raises(DataError, match="does not hold labels"):
            prepare({"Y": labels}, {"Y": ("N", 3)}, one_hot={"Y": 3})


ARRAYS = {"X": np.arange(20).reshape(10, 2), "Y": np.arange(10)[:, None], "c": np.arange(10)}


class TestSplit:
    def test_each_sample_is_in_one_part_with_its_target(self):
        data = split(ARRAYS, 0.3, 4, ["X", "Y"])
        assert (len(data.train["X"]), len(data.test["X"])) == (7, 3)
        seen = np.concatenate([data.train["Y"], data.test["Y"]]).reshape(-1)
        assert sorted(seen) == list(range(10))
        for part in (data.train, data.test):
            assert (part["X"][:, 0] == 2 * part["Y"][:, 0]).all()
            assert part["c"] is ARRAYS["c"]  # no axis of samples: whole in both

    def test_the_seed_draws(self):
        one, same, other = (split(ARRAYS, 0.3, seed, ["X", "Y"]).test["Y"] for seed in (1, 1, 2))
        assert one.tolist() == same.tolist()
        assert one.tolist() != other.tolist()

    def test_nothing_need_be_held_out(self):
        assert split(ARRAYS, 0.0, 1, ["X", "Y"]).test == {}

    def test_something_must_be_left(self):
        with pytest.raises(DataError, match="nothing is left"):
            split(ARRAYS, 0.99, 1, ["X", "Y"])


class TestFiles:
    def test_what_is_written_is_read(self, tmp_path):
        arrays = {"W1": np.eye(3), "file": np.arange(4.0), "s": np.array(2.5)}
        path = write_npz(tmp_path / "new" / "parameters.npz", arrays)
        found = read_npz(path)
        assert {name: array.tolist() for name, array in found.items()} == {
            name: array.tolist() for name, array in arrays.items()
        }

    def test_objects_are_never_read(self, tmp_path):
        path = tmp_path / "objects.npz"
        np.savez(path, X=np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(DataError, match="not an npz file of numbers"):
            read_npz(path)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"X,Y\n1,2\n", b"\x93NUMPY"])
    def test_what_is_no_npz(self, tmp_path, content):
        path = tmp_path / "data.npz"
        path.write_bytes(content)
        with pytest.raises(DataError, match="not an npz file"):
            read_npz(path)

    def test_a_bomb_is_not_unpacked(self, tmp_path, monkeypatch):
        monkeypatch.setattr("symnet.data.MAX_BYTES", 1 << 20)
        path = tmp_path / "bomb.npz"
        np.savez_compressed(path, X=np.zeros((1 << 18,)))
        assert path.stat().st_size < 10_000
        with pytest.raises(DataError, match="take"):
            read_npz(path)

    def test_a_zip_without_arrays(self, tmp_path):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("X.txt", "1")
        path = tmp_path / "data.npz"
        path.write_bytes(content.getvalue())
        with pytest.raises(DataError):
            prepare(read_npz(path), {"X": ("N",)})

    def test_a_missing_file_and_a_folder(self, tmp_path):
        with pytest.raises(DataError, match="no such file"):
            read_npz(tmp_path / "data.npz")
        with pytest.raises(DataError):
            read_npz(tmp_path)

    def test_a_file_is_written_whole_or_not_at_all(self, tmp_path, monkeypatch):
        path = tmp_path / "page.html"
        write_atomically(path, "old")

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.replace", fail)
        with pytest.raises(SymnetError, match="No space left"):
            write_atomically(path, "new")
        assert path.read_text() == "old"
        assert [file.name for file in tmp_path.iterdir()] == ["page.html"]

    @pytest.mark.parametrize("name", ["", "taken/page.html"])
    def test_where_nothing_can_be_written(self, tmp_path, name):
        (tmp_path / "taken").write_text("")
        with pytest.raises(SymnetError) as caught:
            write_atomically(tmp_path / name, "new")
        assert str(tmp_path) in caught.value.place

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_where_one_may_not_write(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(SymnetError, match="cannot be written"):
            write_atomically(tmp_path / "page.html", "new")

    def test_what_is_written_may_be_read_by_others_as_any_file(self, tmp_path):
        plain = tmp_path / "plain"
        plain.write_text("")
        assert write_atomically(tmp_path / "page", "").stat().st_mode == plain.stat().st_mode
