from appliedml.core.seeds import derive_seed


def test_a_place_gets_its_seed_whatever_was_asked_before():
    first = derive_seed(7, "fold", 3, "smote")
    derive_seed(7, "fold", 1)
    assert derive_seed(7, "fold", 3, "smote") == first


def test_neighbouring_places_get_unrelated_seeds():
    seeds = {derive_seed(root, "fold", fold, name) for root in range(5) for fold in range(5) for name in ("a", "b")}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_text_and_number_of_the_same_look_are_different_places():
    assert derive_seed(0, "1") != derive_seed(0, 1)
