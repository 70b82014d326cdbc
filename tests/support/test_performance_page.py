# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page of measurements: a goal that was not measured, or only in part, must never look reached."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "dev"))
import cuda_performance  # noqa: E402
import float_performance  # noqa: E402
import performance_page as page  # noqa: E402

MACHINE = {"cpu": "c", "cores": 2, "memory": 4, "isas": "i", "kernel": "k", "qtc": "0", "batch": 128, "threads": 2}


def layer(node, step, share):
    names = ("macs", "kernel_milliseconds", "helper_milliseconds", "percent_of_peak", "bytes")
    names += ("compute_milliseconds", "memory_milliseconds")
    values = {**dict.fromkeys(names, 1.0), "percent_of_peak_with_helpers": share}
    return {**values, "node": node, "pass": step, "bound": "compute"}


def bench(rate, share=70.0):
    layers = [layer("/0/Conv", "forward", 5.0), layer("/2/Conv", "forward", 85.0)]
    layers += [layer("/2/Conv", "input gradient", 74.0), layer("/2/Conv", "weight gradient", share)]
    names = ("milliseconds_per_step", "percent_not_mac", "peak_gmacs_per_second", "best_peak_gmacs_per_second")
    op = {"kind": "conv2d", "milliseconds": 1.0, "percent_of_bound": 50.0}
    return {
        **dict.fromkeys(names, 10.0),
        "bandwidth_gigabytes_per_second": 1.0,
        "images_per_second": rate,
        "peak_resident_bytes": 100 << 20,
        "total": {"percent_of_peak": share},
        "layers": layers,
        "ops": [op],
    }


def torch(rate):
    return {"images_per_second": rate, "peak_mib": 500.0}


class Page(unittest.TestCase):
    def goals(self, sections):
        """The columns measured and reached, by goal."""
        results = {"machine": MACHINE, "torch": "2", "note": "", "sections": {}}
        for name, data in sections.items():
            extra = {"rounds": 3, "date": "d", "commit": "c", "load before": "0", "load after": "0"}
            results["sections"][name] = {"data": data, **extra}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page.md")
            page.write_page(results, path)
            with open(path, encoding="utf-8") as file:
                self.text = file.read()
        table = self.text.split("## Goals")[1].split("\n##")[0]
        cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
        return {row[0]: (row[2], row[3]) for row in cells[2:]}

    def models(self, runs, failures=(), skipped=()):
        entry = {"runs": runs, "failures": list(failures), "skipped": list(skipped)}
        return {"models": {"models": {"vgg_small_7": entry}, "skip_factor": 1.25}}

    def test_the_better_of_eager_and_compiled_counts(self):
        runs = {"qtc": [bench(400)], "fp32": [torch(80), torch(90), torch(300)], "fp32+compile": [torch(100)]}
        goals = self.goals(self.models(runs, skipped=["fp32+compile"]))
        self.assertEqual(goals["vgg_small_7 against PyTorch fp32"], ("4.00× (fp32+compile)", "yes"))
        self.assertIn("1, then left out", self.text)
        self.assertIn("more than 1.25 times slower", self.text)

    def test_half_a_comparison_is_open(self):
        goals = self.goals(self.models({"qtc": [bench(400)], "bf16": [torch(80)]}, failures=["bf16+compile"]))
        measured, reached = goals["vgg_small_7 against PyTorch bf16"]
        self.assertEqual((measured, reached), ("5.00× (bf16)", "open: bf16+compile was not measured"))
        self.assertEqual(goals["vgg_small_7 against PyTorch fp32"][1], "not measured")
        self.assertEqual(goals["lenet against PyTorch"][1], "not measured")
        self.assertIn("| vgg_small_7, PyTorch bf16+compile | failed |", self.text)

    def test_the_lowest_layer_of_the_medians_counts_and_the_first_does_not(self):
        runs = {"qtc": [bench(1, 60.0), bench(1, 71.0), bench(1, 72.0)]}
        goals = self.goals(self.models(runs))
        prefix = "vgg_small_7, 3×3 convolutions, ≥ 128 channels, "
        self.assertEqual(goals[prefix + "forward, helpers included: lowest"], ("85.0 % (median 85.0 %)", "yes"))
        self.assertEqual(goals[prefix + "input gradient, helpers included: lowest"][1], "no")
        self.assertEqual(goals[prefix + "weight gradient, helpers included: lowest"], ("71.0 % (median 71.0 %)", "yes"))
        self.assertEqual(goals["whole vgg_small_7 step"], ("71.0 %", "yes"))

    def test_batches_may_fall_by_the_margin(self):
        def run(rate):
            return [{"images_per_second": rate, "milliseconds": 1.0, "percent_of_peak": 40.0}]

        for last, reached in ((98.5, "yes"), (97.5, "no")):
            goals = self.goals({"batches": {"vgg_small_7": {"1": run(50.0), "8": run(100.0), "32": run(last)}}})
            what = "vgg_small_7, images/s of a batch over those of the next smaller: lowest"
            self.assertEqual(goals[what][1], reached)
            self.assertEqual(goals["vgg_small_7, batch 1 over its MAC bound"], ("2.50×", "yes"))

    def test_nothing_is_said_of_what_was_not_measured(self):
        self.goals({"compile": {"vgg_small_7": [4.0, 5.0, 6.0]}})
        self.assertNotIn("## Threads", self.text)
        self.goals(self.models({"qtc": [bench(1)]}))
        self.assertNotIn("warm-up", self.text)
        self.goals({"compile": {"vgg_small_7": [4.0, 5.0, 6.0]}})
        self.assertIn("| `qtc compile`, vgg_small_7, all variants | ≤ 10 s | 5.0 s | yes |", self.text)
        self.assertIn("| `qtc compile`, 100 layers over 25 | ≤ 4× | - | not measured |", self.text)


class Cuda(unittest.TestCase):
    """The section that is measured on another machine."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "page.md")
        self.results = {"machine": MACHINE, "torch": "2", "note": "", "sections": {}}
        page.write_page(self.results, self.path)

    def text(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def test_it_stays_where_it_is_and_stays_when_the_page_is_written(self):
        before = self.text()
        page.replace_section(self.path, "CUDA", cuda_performance.render({}))
        first = self.text()
        self.assertTrue(first.startswith(before.strip()))
        self.assertIn("\n\n## CUDA\n\nWritten by", first)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("\n## Behind\n\nit\n")
        page.replace_section(self.path, "CUDA", "new\n")
        self.assertTrue(self.text().endswith("\n\n## CUDA\n\nnew\n\n## Behind\n\nit\n"))
        page.write_page(self.results, self.path)
        self.assertTrue(self.text().endswith("\n## CUDA\n\nnew\n"), self.text())

    def test_nothing_is_said_of_what_was_not_measured(self):
        text = cuda_performance.render({})
        self.assertIn("No trainer has run on a GPU yet", text)
        rows = [line for line in text.splitlines() if line.startswith("| vgg")]
        self.assertEqual(len(rows), 10)
        for row in rows:
            self.assertIn("| not measured | - | 0 | - | - |", row)

    def test_measured(self):
        ours = {**bench(4000), "planned_bytes": 3 << 20}
        entry = {"runs": {"qtc": [ours, ours], "tuned": [{**ours, **bench(5000)}], "fp32": [torch(1000)]}}
        results = {"models": {"vgg_small_7": entry}, "rounds": 2, "batch": 1024, "sm": 80}
        results.update(dict.fromkeys(("gpu", "cpu", "commit", "torch", "date"), "x"))
        text = cuda_performance.render(results)
        self.assertIn("| vgg_small_7, qtc NITI | 1024 | 4000 | 4000 to 4000 | 2 | 1.00 | 3 |", text)
        self.assertIn("| vgg_small_7, qtc NITI, tuned | 1024 | 5000 | - | 1 | 0.80 | 3 |", text)
        self.assertIn("| vgg_small_7, PyTorch fp32 | 1024 | 1000 | - | 1 | 4.00 | 500 |", text)
        self.assertIn("| vgg_small_7, PyTorch bf16 | 1024 | not measured |", text)
        self.assertIn("| vgg7_wage, qtc WAGE | 1024 | not measured |", text)
        self.assertIn("| vgg_small_7, conv2d | 1.000 | 10.0 | 0.500 |", text)


class Products(unittest.TestCase):
    def rows(self, products, milliseconds=1.0):
        run = {"layers": [{"node": "c", "pass": "forward", "macs": 6e8, "kernel_milliseconds": milliseconds}]}
        return list(cuda_performance.product_rows("m", {"runs": {"qtc": [run]}, "products": products}))

    def test_goal(self):
        for theirs, reached in ((1000.0, "yes"), (1001.0, "no")):
            self.assertEqual(self.rows([["c", "forward", theirs]])[0][-1], reached)

    def test_not_measured(self):
        self.assertEqual(self.rows([]), [])
        self.assertEqual(self.rows([["d", "forward", 1000.0]])[0][-1], "not measured")
        self.assertEqual(self.rows([["c", "forward", 1000.0]], milliseconds=0.0)[0][-1], "not measured")


class Float(unittest.TestCase):
    def rows(self, **runs):
        return list(float_performance.model_rows("lenet", {"qtc": [], **runs}))

    def test_goal(self):
        """Against the faster mode of PyTorch."""
        theirs = {"fp32": [torch(100)], "fp32+compile": [torch(200)]}
        for speed, reached in ((120, "yes"), (90, "no")):
            rows = self.rows(qtc=[bench(speed)], **theirs)
            self.assertEqual(rows[0][0], "lenet, qtc")
            self.assertEqual(rows[0][-3:], [f"{speed / 200:.2f} of fp32+compile", "≥ 0.5", reached])
            self.assertEqual([row[0] for row in rows[1:]], ["lenet, PyTorch fp32", "lenet, PyTorch fp32+compile"])

    def test_not_measured(self):
        self.assertEqual(self.rows(qtc=[bench(100)])[0][-1], "not measured")
        self.assertEqual(self.rows(fp32=[torch(100)])[0][-1], "not measured")


if __name__ == "__main__":
    unittest.main()
