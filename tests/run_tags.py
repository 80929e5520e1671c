#!/usr/bin/env python3
"""Tags: what is allocated between push and pop is counted under them, to the byte.

Usage: run_tags.py HEAPRING TAGS_PROGRAM
"""
import os

import profiled
from profiled import ARGS, Profiled

PROGRAM = os.path.abspath(ARGS[0])
THREADS, ROUNDS = 2, 3000  # of the program


class Tags(Profiled):
    def held(self, sample="inuse_space", *args):
        """Bytes by tag, and by function, as `top --cum` has them."""
        done, dump = self.profile([PROGRAM, *args])
        self.assertEqual(done.returncode, 0, done)
        said = self.read(dump, "--cum", "-n", "500", "--sample", sample)
        return {row["function"]: row["cum"] for row in said["rows"]}

    def test_each_tag_holds_what_was_allocated_under_it(self):
        cum = self.held()
        each = THREADS * ROUNDS // 3
        for tenant in ("acme", "bell", "city"):
            self.assertEqual(cum["[tag %s]" % tenant], each * (100 + 50 // 2), tenant)
        self.assertEqual(cum["[tag inner]"], THREADS * ROUNDS // 2 * 50)

    def test_what_is_outside_tags_is_not_theirs(self):
        cum = self.held()
        tagged = sum(cum["[tag %s]" % tenant] for tenant in ("acme", "bell", "city"))
        self.assertEqual(cum["keep"], tagged + THREADS * ROUNDS * 10 + 7 + 3)

    def test_what_was_freed_is_in_what_was_allocated(self):
        cum = self.held("alloc_space")
        self.assertEqual(cum["[tag acme]"], THREADS * ROUNDS // 3 * (100 + 50 // 2 + 1000))

    def test_eight_are_shown_and_the_others_change_nothing(self):
        cum = self.held()
        for shown in range(8):
            self.assertEqual(cum["[tag d%d]" % shown], 7)
        self.assertNotIn("[tag d8]", cum)

    def test_a_handlers_tag_is_not_put_where_the_programs_was_to_go(self):
        cum = self.held("alloc_objects", "steps")
        self.assertEqual((cum["[tag program]"], cum["keep"]), (10, 10))
        self.assertNotIn("[tag handler]", cum)


if __name__ == "__main__":
    profiled.main()
