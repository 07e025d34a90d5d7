from appliedml.core.registry import find, names


def test_every_engine_maps_in_order_and_can_be_closed():
    for name in names("engines"):
        engine = find("engines", name)()
        assert list(engine.map(pow, 2, [3, 1, 2])) == [8, 2, 4]
        engine.close()
