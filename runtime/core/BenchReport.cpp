//===- BenchReport.cpp - the output of bench ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/BenchReport.h"

#include "qtcrt/Ports.h"
#include "qtcrt/Printable.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

using namespace qtcrt;
using Json = nlohmann::ordered_json;

namespace {

/// The roofline: the least time for work, given the measured peak for its
/// multiply-accumulates and the measured bandwidth for its bytes. Milliseconds;
/// 0: unknown.
struct Roofline {
  Roofline(double macs, double bytes, const BenchResult &result)
      : compute(result.peak.median > 0 ? macs / result.peak.median * 1e3 : 0),
        memory(result.bandwidth.median > 0
                   ? bytes / result.bandwidth.median * 1e3
                   : 0) {}
  double bound() const { return std::max(compute, memory); }
  Json name() const {
    if (bound() == 0)
      return nullptr;
    return compute >= memory ? "compute" : "memory";
  }
  double compute, memory;
};

/// `numerator / denominator * scale`, or null where that has no meaning.
Json quotient(double numerator, double denominator, double scale) {
  if (numerator > 0 && denominator > 0)
    return numerator / denominator * scale;
  return nullptr;
}

/// A row of the table of operations.
Json describeRow(const std::string &name, const std::string &kind,
                 double milliseconds, double macs, double bytes,
                 const BenchResult &result) {
  Roofline roofline(macs, bytes, result);
  Json row = {
      {"name", name},
      {"kind", kind},
      {"milliseconds", milliseconds},
      {"percent_of_step", 100 * milliseconds / result.milliseconds},
      {"gmacs_per_second", quotient(macs, milliseconds, 1e-6)},
      {"percent_of_peak", nullptr},
      {"bytes", bytes},
      {"gigabytes_per_second", quotient(bytes, milliseconds, 1e-6)},
      {"bound", roofline.name()},
      {"percent_of_bound", quotient(roofline.bound(), milliseconds, 100)}};
  if (macs > 0)
    row["percent_of_peak"] = quotient(roofline.compute, milliseconds, 100);
  return row;
}

/// A row of the table of layers.
Json describeLayer(const LayerPass &pass, const BenchResult &result) {
  Roofline roofline(pass.macs, pass.bytes, result);
  double whole = pass.kernelMilliseconds + pass.helperMilliseconds;
  double leastCompute =
      result.peak.best > 0 ? pass.macs / result.peak.best * 1e3 : 0;
  return {
      {"node", pass.node},
      {"pass", pass.pass},
      {"macs", pass.macs},
      {"kernel_milliseconds", pass.kernelMilliseconds},
      {"helper_milliseconds", pass.helperMilliseconds},
      {"gmacs_per_second", quotient(pass.macs, pass.kernelMilliseconds, 1e-6)},
      {"percent_of_peak",
       quotient(roofline.compute, pass.kernelMilliseconds, 100)},
      {"percent_of_peak_with_helpers", quotient(roofline.compute, whole, 100)},
      {"least_milliseconds", pass.leastMilliseconds},
      {"percent_of_best_peak",
       quotient(leastCompute, pass.leastMilliseconds, 100)},
      {"bytes", pass.bytes},
      {"helper_bytes", pass.helperBytes},
      {"compute_milliseconds", roofline.compute},
      {"memory_milliseconds", roofline.memory},
      {"bound", roofline.name()}};
}

const char *peakInstruction(const qtcrt_variant &variant) {
  return variant.peak_kind == QTCRT_PEAK_MULTIPLY_ADD ? "multiply-add"
                                                      : "dot-product";
}

/// A rate in billions per second, or null if it is not known.
Json inBillions(double rate) {
  return rate > 0 ? Json(rate * 1e-9) : Json(nullptr);
}

Json describeBench(Session &session, const BenchResult &result) {
  const qtcrt_model &model = session.model();
  Json rows = Json::array(), layers = Json::array();
  double macs = 0, bytes = 0, macTime = 0, opTime = 0;
  Json threads = session.executor().workerCount(), device = nullptr;
  if (session.getDevice()) {
    threads = nullptr;
    device = session.getDevice()->name();
  }
  for (const TimedOp &entry : result.ops) {
    double opMacs = static_cast<double>(entry.op->macs);
    double opBytes = static_cast<double>(entry.op->bytes);
    rows.push_back(describeRow(entry.op->name, entry.op->kind,
                               entry.milliseconds, opMacs, opBytes, result));
    macs += opMacs;
    bytes += opBytes;
    opTime += entry.milliseconds;
    macTime += entry.op->macs ? entry.milliseconds : 0;
  }
  double between = std::max(0.0, result.milliseconds - opTime);
  rows.push_back(
      describeRow("(between operations)", "other", between, 0, 0, result));
  LayerProfile profile = groupByLayer(result.ops);
  for (const LayerPass &pass : profile.passes)
    layers.push_back(describeLayer(pass, result));
  return {
      {"model", model.name},
      {"scheme", model.scheme},
      {"isa", session.variant().name},
      {"device", device},
      {"threads", threads},
      {"batch", session.variant().batch},
      {"steps", result.steps},
      {"images_per_second", static_cast<double>(session.variant().batch) /
                                result.milliseconds * 1e3},
      {"milliseconds_per_step", result.milliseconds},
      {"median_milliseconds", result.medianMilliseconds},
      {"percentile_99_milliseconds", result.slowMilliseconds},
      {"peak_instruction", peakInstruction(session.variant())},
      {"peak_gmacs_per_second", inBillions(result.peak.median)},
      {"best_peak_gmacs_per_second", inBillions(result.peak.best)},
      {"bandwidth_gigabytes_per_second", inBillions(result.bandwidth.median)},
      {"best_bandwidth_gigabytes_per_second",
       inBillions(result.bandwidth.best)},
      {"total",
       describeRow("total", "step", result.milliseconds, macs, bytes, result)},
      {"percent_not_mac",
       100 * std::max(0.0, 1 - macTime / result.milliseconds)},
      {"planned_bytes", session.plannedBytes()},
      {"peak_resident_bytes", result.residentBytes},
      {"ops", rows},
      {"layers", layers},
      {"outside_layers_milliseconds", profile.otherMilliseconds + between}};
}

/// A table with aligned columns, the first ones aligned to the left. Long texts
/// lose their beginning.
class Table {
public:
  Table(std::vector<std::string> head, size_t leftColumns) : left(leftColumns) {
    rows.push_back(std::move(head));
  }
  void add(std::vector<std::string> row) {
    for (std::string &text : row)
      text = clipFront(printable(text), longestText);
    rows.push_back(std::move(row));
  }
  void print() const {
    std::vector<size_t> widths(rows.front().size());
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], countColumns(row[i]));
    for (const auto &row : rows) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        std::string space = padding(row[i], widths[i]);
        line += (i ? "  " : "") + (i < left ? row[i] + space : space + row[i]);
      }
      std::printf("%s\n",
                  line.substr(0, line.find_last_not_of(' ') + 1).c_str());
    }
  }

private:
  static constexpr size_t longestText = 60;
  size_t left;
  std::vector<std::vector<std::string>> rows;
};

std::string cell(const Json &value, const char *format, double scale = 1) {
  if (value.is_null())
    return "-";
  if (value.is_string())
    return value.get<std::string>();
  char text[64];
  std::snprintf(text, sizeof(text), format, value.get<double>() * scale);
  return text;
}

void printOps(const Json &bench) {
  Table table({"op", "kind", "bound", "ms", "% of step", "GMAC/s", "% of peak",
               "MB", "GB/s", "% of bound"},
              3);
  auto add = [&](const Json &row) {
    std::string name = cell(row["name"], "");
    table.add({name.empty() ? "(no node)" : name, cell(row["kind"], ""),
               cell(row["bound"], ""), cell(row["milliseconds"], "%.3f"),
               cell(row["percent_of_step"], "%.1f"),
               cell(row["gmacs_per_second"], "%.1f"),
               cell(row["percent_of_peak"], "%.1f"),
               cell(row["bytes"], "%.3f", 1e-6),
               cell(row["gigabytes_per_second"], "%.1f"),
               cell(row["percent_of_bound"], "%.1f")});
  };
  for (const Json &row : bench["ops"])
    add(row);
  add(bench["total"]);
  table.print();
}

void printLayers(const Json &bench) {
  Table table({"layer", "pass", "bound", "kernel ms", "helpers ms", "GMAC",
               "GMAC/s", "% of peak", "with helpers", "at best", "kernel MB",
               "compute ms", "memory ms"},
              3);
  for (const Json &row : bench["layers"])
    table.add({cell(row["node"], ""), cell(row["pass"], ""),
               cell(row["bound"], ""), cell(row["kernel_milliseconds"], "%.3f"),
               cell(row["helper_milliseconds"], "%.3f"),
               cell(row["macs"], "%.3f", 1e-9),
               cell(row["gmacs_per_second"], "%.1f"),
               cell(row["percent_of_peak"], "%.1f"),
               cell(row["percent_of_peak_with_helpers"], "%.1f"),
               cell(row["percent_of_best_peak"], "%.1f"),
               cell(row["bytes"], "%.3f", 1e-6),
               cell(row["compute_milliseconds"], "%.3f"),
               cell(row["memory_milliseconds"], "%.3f")});
  table.add({"(everything else)", "", "", "-",
             cell(bench["outside_layers_milliseconds"], "%.3f"), "-", "-", "-",
             "-", "-", "-", "-", "-"});
  table.print();
}

void printRates(const Json &bench) {
  std::printf("whole step: %s %% of the %s peak of %s GMAC/s (median "
              "of rounds between the steps; best %s); %s %% of the time is not "
              "MAC operations\n",
              cell(bench["total"]["percent_of_peak"], "%.1f").c_str(),
              cell(bench["peak_instruction"], "").c_str(),
              cell(bench["peak_gmacs_per_second"], "%.1f").c_str(),
              cell(bench["best_peak_gmacs_per_second"], "%.1f").c_str(),
              cell(bench["percent_not_mac"], "%.1f").c_str());
  std::printf(
      "bound: the larger of the multiply-accumulates at that peak and "
      "the bytes at the copy bandwidth of %s GB/s (best %s)\n",
      cell(bench["bandwidth_gigabytes_per_second"], "%.1f").c_str(),
      cell(bench["best_bandwidth_gigabytes_per_second"], "%.1f").c_str());
}

void printDeviceRates(const Json &bench) {
  std::printf("operations: measured one launch at a time, with events between "
              "them; a step has no such events, so their sum may exceed it\n");
  std::printf(
      "bound: the bytes at the copy bandwidth of %s GB/s (best %s)\n",
      cell(bench["bandwidth_gigabytes_per_second"], "%.1f").c_str(),
      cell(bench["best_bandwidth_gigabytes_per_second"], "%.1f").c_str());
}

/// `examples` is what an input is called.
void printText(const Json &bench, const char *examples) {
  bool isDevice = bench["device"].is_string();
  std::printf("%s, scheme %s, %s, %s, batch %s, %s steps: times are means of "
              "the middle half of the steps\n\n",
              printable(cell(bench["model"], "")).c_str(),
              cell(bench["scheme"], "").c_str(), cell(bench["isa"], "").c_str(),
              isDevice ? cell(bench["device"], "").c_str()
                       : cell(bench["threads"], "%.0f threads").c_str(),
              cell(bench["batch"], "%.0f").c_str(),
              cell(bench["steps"], "%.0f").c_str());
  printOps(bench);
  std::printf(
      "\nlayers: helpers pack operands, requantize results, update "
      "weights; %% of peak counts the kernel alone; at best: kernel and "
      "helpers in their fastest steps, compared with the best peak\n\n");
  printLayers(bench);
  std::printf("\n%s %s/s, %s ms/step (median %s, 99th percentile %s)\n",
              cell(bench["images_per_second"], "%.1f").c_str(), examples,
              cell(bench["milliseconds_per_step"], "%.3f").c_str(),
              cell(bench["median_milliseconds"], "%.3f").c_str(),
              cell(bench["percentile_99_milliseconds"], "%.3f").c_str());
  isDevice ? printDeviceRates(bench) : printRates(bench);
  std::printf(
      "memory: %s MiB planned, %s MiB peak resident\n",
      cell(bench["planned_bytes"], "%.1f", 1.0 / 1048576).c_str(),
      cell(bench["peak_resident_bytes"], "%.1f", 1.0 / 1048576).c_str());
}

} // namespace

void qtcrt::printBench(Session &session, const BenchResult &result, bool json) {
  Json bench = describeBench(session, result);
  if (json)
    std::printf(
        "%s\n",
        bench.dump(2, ' ', true, Json::error_handler_t::replace).c_str());
  else
    printText(bench, takesPixels(session.model()) ? "images" : "examples");
}
