"""From a trained run to numbers that know their protocol."""
