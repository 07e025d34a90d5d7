"""What everything else stands on: samples, verbs, parameters, registry, artifacts, seeds."""
