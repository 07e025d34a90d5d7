from appliedml.store import layout


def test_every_name_is_a_plain_file_name_and_used_once():
    names = {key: value for key, value in vars(layout).items() if key.isupper() and isinstance(value, str)}
    files = [value for key, value in names.items() if key != "FORMAT_NAME"]
    assert len(set(files)) == len(files)
    assert all("/" not in value for value in files)


def test_the_docstring_draws_the_folder():
    for name in (layout.RUN, layout.PREDICTIONS, layout.SCORES, layout.LEDGER, layout.ROWS, layout.TIMINGS):
        assert name in layout.__doc__
