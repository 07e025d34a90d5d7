from appliedml.core.display import card


def test_title_labels_values_and_note_are_escaped():
    html = card("<t>", [("<l>", "<v>")], note="<n>")
    for name in ("<t>", "<l>", "<v>", "<n>"):
        assert name not in html
        assert name.replace("<", "&lt;").replace(">", "&gt;") in html


def test_the_body_is_taken_as_it_is():
    assert "<table class='x'>" in card("t", [], body="<table class='x'>")
