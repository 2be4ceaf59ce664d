"""Folders and archives: layouts, labels, splits, and everything hostile or broken that lies in them."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from gansmith.data.layout import arrange, common_folder
from gansmith.data.open import open_images
from gansmith.data.reader import ReadOptions, UnreadableError, natural, some
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError


def facts(reader):
    labels = None if reader.labels is None else [reader.classes[i] for i in reader.labels]
    return list(reader.names), labels, [reader.split_of(i) for i in range(len(reader))]


def flat(paths, **texts):
    return arrange(paths, lambda p: texts[p], "here")


def test_folder_of_pictures_has_no_labels_and_natural_order(tree, pixels):
    root = tree({f"img{i}.png": pixels(i) for i in (10, 2, 1)})
    with_names = open_reader(root)
    assert facts(with_names) == (["img1.png", "img2.png", "img10.png"], None, [None] * 3)
    assert np.array_equal(with_names.read(2), pixels(10))


@pytest.mark.parametrize("kind", ["tree", "zipped"])
def test_classes_are_first_level_folders_in_folder_and_archive(kind, request, pixels):
    write = request.getfixturevalue(kind)
    files = {"b/1.png": pixels(1), "a/x/2.png": pixels(2), "a/3.PNG": pixels(3)}
    clutter = {"__MACOSX/a/._3.png": b"x", ".hidden/4.png": b"x", "a/.DS_Store": b"x", "a/Thumbs.db": b"x"}
    reader = open_reader(write({**files, **clutter}))
    assert facts(reader) == (["a/3.PNG", "a/x/2.png", "b/1.png"], ["a", "a", "b"], [None] * 3)
    for name, index in zip(("a/3.PNG", "a/x/2.png", "b/1.png"), range(3), strict=True):
        assert np.array_equal(reader.read(index), files[name])
    reader.close()


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_split_folders_with_classes_beneath(tree, pixels, val):
    root = tree({f"{s}/{c}/1.png": pixels(0) for s in ("train", val, "test") for c in "ab"})
    names, labels, splits = facts(open_reader(root))
    assert labels == ["a", "b"] * 3
    assert dict(zip(names, splits, strict=True))[f"{val}/a/1.png"] == "val"
    assert sorted(splits) == ["test"] * 2 + ["train"] * 2 + ["val"] * 2


def test_a_single_folder_that_holds_everything_says_nothing(tree, pixels):
    root = tree({"photos/all/1.png": pixels(1), "photos/all/2.png": pixels(2)})
    assert facts(open_reader(root)) == (["photos/all/1.png", "photos/all/2.png"], None, [None, None])


def test_single_folder_above_splits(zipped, pixels):
    path = zipped({f"set/{s}/{c}/1.png": pixels(0) for s in ("train", "test") for c in "ab"})
    _, labels, splits = facts(open_reader(path))
    assert labels == ["a", "b", "a", "b"] and splits == ["test", "test", "train", "train"]


def test_splits_beside_other_folders_are_refused(tree, pixels):
    root = tree({"train/1.png": pixels(1), "test/1.png": pixels(1), "extra/1.png": pixels(1)})
    with pytest.raises(InputError, match="holds the splits test, train beside extra"):
        open_reader(root)


def test_class_named_like_one_split_is_a_class(tree, pixels):
    assert open_reader(tree({"test/1.png": pixels(1), "cat/1.png": pixels(1)})).classes == ("cat", "test")


def test_loose_pictures_beside_classes_are_refused(tree, pixels):
    root = tree({"a/1.png": pixels(1), "b/1.png": pixels(1), "stray.png": pixels(1)})
    with pytest.raises(InputError, match=r"1 pictures lie beside the class folders a, b \(stray.png\)"):
        open_reader(root)


def test_label_table_wins_over_folders_and_may_name_splits(tree, pixels):
    table = "\ufefffile,label,split\nx/1.png,dog,train\nx/2.png,cat,\n./y/3.png,dog,valid\n"
    root = tree({"x/1.png": pixels(1), "x/2.png": pixels(2), "y/3.png": pixels(3), "labels.csv": table})
    assert facts(open_reader(root))[1:] == (["dog", "cat", "dog"], ["train", None, "val"])


def test_label_table_problems_are_all_named(tree, pixels):
    table = "file,label,split\n1.png,a,\n1.png,b,\nnone.png,a,\n2.png,,\n,a,\n3.png,a,trian\n"
    root = tree({f"{i}.png": pixels(i) for i in (1, 2, 3, 4)} | {"labels.csv": table})
    with pytest.raises(InputError) as error:
        open_reader(root)
    text = "\n".join(error.value.problems)
    for part in (
        "line 3: '1.png' is listed twice (first in line 2)",
        "line 4: no picture 'none.png'",
        "line 5: '2.png' has no label",
        "line 6: no file name",
        "line 7: unknown split 'trian'; did you mean 'train'?",
        "no row for 3 pictures: 2.png, 3.png, 4.png",
    ):
        assert part in text


def test_label_table_without_header_or_rows(tree, pixels):
    root = tree({"1.png": pixels(1), "labels.csv": "1.png,a\n"})
    with pytest.raises(InputError, match="first line 'file,label'"):
        open_reader(root)


def test_label_table_with_many_problems_is_cut(tree, pixels):
    rows = "".join(f"none{i}.png,a\n" for i in range(50))
    with pytest.raises(InputError) as error:
        open_reader(tree({"1.png": pixels(1), "labels.csv": f"file,label\n{rows}"}))
    assert len(error.value.problems) == 21 and "31 more problems" in error.value.problems[-1]


def test_label_table_that_is_no_text(tree, pixels):
    with pytest.raises(InputError, match="not readable as UTF-8"):
        open_reader(tree({"1.png": pixels(1), "labels.csv": b"\xff\xfe\x00bad"}))


def test_missing_path_has_a_hint(tree, pixels):
    root = tree({"1.png": pixels(1)})
    with pytest.raises(InputError, match=r"no such file or folder; did you mean 'data'\?"):
        open_reader(root.parent / "dtaa")


def test_empty_folder_and_empty_file(tmp_path):
    with pytest.raises(InputError, match="is empty: no picture found"):
        open_reader(tmp_path)
    (tmp_path / "x.npz").touch()
    with pytest.raises(InputError, match=r"x.npz: is empty"):
        open_reader(tmp_path / "x.npz")


def test_no_picture_says_what_was_found_instead(tree):
    root = tree({"a.txt": "x", "b.txt": "x", "c.npz": b"x"})
    with pytest.raises(InputError, match=r"looked for \.bmp .*found 2 \.txt, 1 \.npz\); give the path of the file"):
        open_reader(root)


def test_unknown_format(tree):
    with pytest.raises(InputError, match=r"unknown format \.xyz"):
        open_reader(tree({"a.xyz": "hello"}) / "a.xyz")


def test_content_decides_where_the_ending_is_unknown(zipped, pixels):
    path = zipped({"a.png": pixels(1)})
    other = path.rename(path.with_name("archive"))
    assert len(open_reader(other)) == 1


def test_symlink_loops_end_and_dangling_links_are_ignored(tree, pixels):
    root = tree({"a/1.png": pixels(1), "b/2.png": pixels(2)})
    os.symlink(root, root / "a" / "loop")
    os.symlink(root / "nowhere.png", root / "b" / "dangling.png")
    assert list(open_reader(root).names) == ["a/1.png", "b/2.png"]


@pytest.mark.parametrize("name", ["/etc/x.png", "../x.png", "a/../../x.png", "C:/x.png", "a\\x.png", "..\\x.txt"])
def test_hostile_paths_are_refused_by_name(zipped, pixels, name):
    path = zipped({"ok.png": pixels(1), name: pixels(2)})
    with pytest.raises(InputError, match="leads out of the archive or is not portable: refused") as error:
        open_reader(path)
    assert repr(name) in str(error.value)


def test_archive_bomb_by_ratio_and_by_size(zipped, pixels):
    path = zipped({"ok.png": pixels(1), "bomb.bmp": bytes(17 * 2**20)})
    with pytest.raises(InputError, match=r"'bomb.bmp' unpacks [\d,]+ times its size, more than max_ratio=200"):
        open_reader(path)
    assert len(open_reader(path, ReadOptions(max_ratio=10_000))) == 2
    with pytest.raises(InputError, match="more than max_entry_bytes=1,000"):
        open_reader(path, ReadOptions(max_entry_bytes=1000))


def test_encrypted_entries_are_refused(zipped, pixels):
    path = zipped({"secret.png": pixels(1)})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"'secret.png' is encrypted .*refused"):
        open_reader(path)


def test_repeated_entries_are_refused(tmp_path, encoded, pixels):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.png", encoded(pixels(1)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.png", encoded(pixels(2)))
    with pytest.raises(InputError, match=r"'a.png' is there 2 times"):
        open_reader(tmp_path / "x.zip")


def test_many_bad_entries_are_cut(zipped, pixels):
    with pytest.raises(InputError) as error:
        open_reader(zipped({f"/{i}.png": pixels(0) for i in range(30)}))
    assert len(error.value.problems) == 21


def test_not_an_archive(tree):
    with pytest.raises(InputError, match="not a readable zip archive"):
        open_reader(tree({"x.zip": b"PK\x03\x04nonsense"}) / "x.zip")


def test_damaged_entry_is_unreadable_not_fatal(zipped, pixels):
    path = zipped({"a.png": pixels(1, 32, 32), "b.png": pixels(2)})
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(bytes(data))
    reader = open_reader(path)
    with pytest.raises(UnreadableError, match=r"cannot be unpacked|damaged"):
        reader.read(0)
    assert np.array_equal(reader.read(1), pixels(2))
    reader.close()


def test_stamp_changes_with_content_options_and_nothing_else(tree, pixels):
    root = tree({"a/1.png": pixels(1), "b/2.png": pixels(2)})
    before = open_reader(root).stamp
    assert open_reader(root).stamp == before
    assert open_reader(root, ReadOptions(max_pixels=1000)).stamp != before
    tree({"a/1.png": pixels(3, 9, 9)})
    assert open_reader(root).stamp != before


def test_names_that_are_no_text_are_read_all_the_same(tree, pixels, encoded, tmp_path):
    root = tree({"b/1.png": pixels(1)})
    folder = os.fsencode(root) + b"/a\xff"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("the file system takes text only")
    with open(folder + b"/1\xfe.png", "wb") as file:
        file.write(encoded(pixels(2)))
    images = open_images(root, cache=tmp_path / "cache")
    assert len(images) == 2 and len(images.classes) == 2 and images.fingerprint


def test_helpers():
    assert sorted(["b10", "b2", "a"], key=natural) == ["a", "b2", "b10"]
    assert some(["a", "b"]) == "a, b" and some("abcde") == "a, b, c and 2 more"
    assert common_folder(["a/b/1.png", "a/b/2.png"]) == "a/b/"
    assert common_folder(["a/train/1.png", "a/train/2.png"]) == "a/"
    assert common_folder(["a/1.png", "2.png"]) == ""
    assert flat(
        ["x/1.png", "x/2.png", "labels.csv"], **{"labels.csv": "file,label\nx/1.png,p\nx/2.png,q\n"}
    ).classes == (
        "p",
        "q",
    )


@pytest.mark.parametrize(
    "name", ["layout", "image_column", "label_column", "attributes", "text_column", "text_encoder"]
)
def test_an_option_that_can_not_act_on_a_folder_of_pictures_is_refused(tree, name):
    value = "nchw" if name == "layout" else "word"
    with pytest.raises(InputError, match=f"{name}={value} can't act here; it is for"):
        arrange(["a/1.png", "b/2.png"], str, "here", ReadOptions(**{name: value}))
    assert len(arrange(["a/1.png", "b/2.png"], str, "here", ReadOptions(attributes="none")).files) == 2


@pytest.mark.parametrize(
    ("options", "part"),
    [({"layout": "hwc"}, "layout='hwc'"), ({"max_pixels": 10**9}, "max_pixels"), ({"max_ratio": 0}, "max_ratio=0")],
)
def test_read_options_are_checked(options, part):
    with pytest.raises(InputError, match=part):
        ReadOptions(**options)
