//===- Compiler.h - From an ONNX file to a trainer --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_COMPILER_H
#define QTC_PIPELINES_COMPILER_H

#include "compiler/Pipelines/FrontEnd.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Target/ModelDescriptor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace qtc {

/// Where the compiler can stop. Phases up to assembly write text.
enum class Phase {
  Import,
  Backward,
  Scheme,
  Plan,
  Kernels,
  PTX,
  LLVM,
  Assembly,
  Object,
  Library,
  Trainer
};

/// A phase with its `--emit` spelling.
struct PhaseInfo {
  Phase phase;
  llvm::StringRef name;
  llvm::StringRef help;
};
llvm::ArrayRef<PhaseInfo> getPhases();

/// The user's options of the compiler.
struct CompileOptions : FrontEndOptions {
  std::string modelPath;
  /// File to write; "-" is stdout, for text only.
  std::string outputPath;
  /// Spelling of the normalization, for checkpoints: one for each meaning.
  std::string normalize = "none";
  std::vector<const cpu::TargetRecord *> targets;
  /// The devices to train on, the oldest first; none: the processor.
  std::vector<const cuda::TargetRecord *> devices;
  /// The schedules of contractions, by the name of the device's record; none:
  /// the estimated ones.
  llvm::StringMap<cuda::TileChoices> tiles;
  /// Whether to add machine code to PTX.
  bool machineCode = false;
  bool microkernels = true;
  Phase emit = Phase::Trainer;
};

/// Memory of a compiled model in bytes.
struct MemoryReport {
  struct Arena {
    std::string variant;
    int64_t batch;
    int64_t bytes;
  };
  int64_t stateBytes = 0;
  std::vector<Arena> arenas;
};

/// Runs the phases of the compiler. Diagnostics of passes go to the context;
/// everything else is returned as an error.
class Compiler {
public:
  Compiler(mlir::MLIRContext &context, const CompileOptions &options)
      : context(context), options(options) {}

  /// Compiles up to `options.emit` and writes the output.
  llvm::Error run();

  const MemoryReport &getMemoryReport() const { return memory; }
  /// The code, one entry per batch and device or instruction set.
  llvm::ArrayRef<VariantDescription> getVariants() const {
    return description.variants;
  }

private:
  /// The code of one instruction set or for one kind of device, for one batch.
  struct Variant {
    VariantOptions options;
    /// The module that it is made from, one of formedKernels.
    llvm::StringRef kernels;
    VariantDescription description;
    /// Files to link, or the one to write.
    std::vector<llvm::SmallVector<char, 0>> code;
    std::string message; ///< why it failed; empty on success
  };

  /// Variants that are compiled in order; later ones use tasks of earlier ones.
  struct VariantGroup {
    llvm::SmallVector<size_t> indices;
    llvm::StringSet<> tasks;
  };

  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> makeModule(int64_t batch);
  llvm::Error checkInputs(mlir::ModuleOp model);
  bool writesPrograms() const;
  llvm::ArrayRef<int64_t> getBatches() const;
  llvm::Error generateVariants();
  std::vector<VariantGroup> groupVariants() const;
  void generateGroup(VariantGroup &group);
  std::vector<VariantOptions> chooseVariants() const;
  void generateVariant(llvm::StringSet<> &tasks, Variant &variant);
  mlir::LogicalResult lowerToKernels(mlir::ModuleOp copy,
                                     const VariantOptions &variantOptions);
  void finishProcessorVariant(mlir::OwningOpRef<mlir::ModuleOp> kernels,
                              llvm::StringSet<> &tasks, Variant &variant);
  void finishDeviceVariant(mlir::ModuleOp kernels, Variant &variant);
  std::string getBatchSuffix(int64_t batch, llvm::StringRef separator) const;
  void nameEntryPoints(mlir::ModuleOp lowered, VariantDescription &variant);
  llvm::Error checkOutput();
  llvm::Error writeObjects();
  llvm::Error writeOutput(llvm::StringRef text);
  llvm::Expected<std::string> formKernels(mlir::ModuleOp step);
  llvm::Error formAllKernels();

  mlir::MLIRContext &context;
  CompileOptions options; ///< with the loss that the model suggests
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< for the first batch
  ModelDescription description;
  /// The modules of getBatches() as formKernels makes them.
  std::vector<std::string> formedKernels;
  std::vector<Variant> variants;
  MemoryReport memory;
};

/// Version of the compiler, in `--version` and in trainers.
llvm::StringRef getCompilerVersion();

} // namespace qtc

#endif // QTC_PIPELINES_COMPILER_H
