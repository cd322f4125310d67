"""``make bench``: the kit beside its peers in one run. Figures are medians; nothing here is asserted."""
