/// A factor of an axis: a run of indices that reshaping has not cut (further).
///
/// Extents of 1 have no atom: an axis of one element is an empty list, so that squeezing, adding
/// and moving such axes never costs anything.
struct Atom: Hashable {
  var id: Int
  var extent: Int
  /// Rows or columns of the image: their extent changes with the input's size.
  var isSpatial: Bool
}

/// How the axes that ONNX speaks of lie in the value of the float graph.
///
/// ONNX's images are NCHW, the float graph's NHWC. Instead of transposing, each activation
/// remembers which atoms form each of its logical axes (ONNX's view) and in which order the same
/// atoms stand in memory. `Reshape`, `Transpose`, `Flatten`, `Squeeze` and `Unsqueeze` change the
/// logical view only; an operation that needs a certain order in memory asks for it
/// (`GraphBuilder.realize`), and mostly finds that it is there. A channel shuffle cuts the channels
/// into two atoms, swaps them and joins them: what is asked for then differs from memory in the
/// order of the atoms of one axis, which is a gather.
struct Layout: Hashable {
  /// ONNX's axes; each lists its atoms, the slowest first.
  var logical: [[Atom]]
  /// The axes of the float graph's value, over the same atoms.
  var physical: [[Atom]]

  /// The shape that ONNX sees.
  var shape: [Int] { logical.map(\.extent) }

  /// The logical axes permuted: output axis `i` is axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> Layout {
    Layout(logical: permutation.map { logical[$0] }, physical: physical)
  }

  /// Seen as a tensor of this shape (with as many elements); nil where the new axes do not follow
  /// from cutting and joining the old ones. `nextAtom` is the next free identifier.
  func reshaped(to shape: [Int], nextAtom: inout Int) -> Layout? {
    var result = self
    var rest = Array(logical.joined().reversed())
    var axes: [[Atom]] = []
    for extent in shape {
      var axis: [Atom] = []
      var missing = extent
      while missing > 1 {
        guard let atom = rest.popLast() else { return nil }
        if missing % atom.extent == 0 {
          axis.append(atom)
          missing /= atom.extent
        } else if atom.extent % missing == 0 {
          let major = Atom(id: nextAtom, extent: missing, isSpatial: atom.isSpatial)
          let minor = Atom(
            id: nextAtom + 1, extent: atom.extent / missing, isSpatial: atom.isSpatial)
          nextAtom += 2
          result.physical = result.physical.map { $0.replacing(atom, with: [major, minor]) }
          axis.append(major)
          rest.append(minor)
          missing = 1
        } else {
          return nil
        }
      }
      axes.append(axis)
    }
    guard rest.isEmpty else { return nil }
    result.logical = axes
    return result
  }

  /// An order of the logical axes in which memory holds them already, or would but for cutting and
  /// joining its axes and moving atoms within one; nil where only a transpose can give one.
  var permutation: [Int]? {
    let memory = physical.flatMap { $0 }
    var units = logical.indices.filter { logical[$0].isEmpty }
    // The logical axes in the order of memory; those of one element where memory has such, too.
    let places = logical.map { axis in axis.compactMap { memory.firstIndex(of: $0) } }
    for axis in places where !axis.isEmpty {
      guard let first = axis.min(), let last = axis.max(), last - first == axis.count - 1 else {
        return nil
      }
    }
    let filled = logical.indices.filter { !logical[$0].isEmpty }.sorted {
      (places[$0].min() ?? 0) < (places[$1].min() ?? 0)
    }
    guard physical.count == logical.count, filled.count == physical.filter({ !$0.isEmpty }).count
    else { return units + filled }
    var rest = filled[...]
    return physical.map { $0.isEmpty ? units.removeFirst() : rest.removeFirst() }
  }
}

extension [Atom] {
  var extent: Int { reduce(1) { $0 * $1.extent } }

  var isSpatial: Bool { contains(where: \.isSpatial) }

  func replacing(_ atom: Atom, with parts: [Atom]) -> [Atom] {
    flatMap { $0 == atom ? parts : [$0] }
  }
}

/// For each index of an axis made of `atoms`, in the order of memory, its index where the same
/// atoms stand in the order of `wanted`.
func indices(ofAtoms atoms: [Atom], in wanted: [Atom]) -> [Int] {
  let distances = strides(wanted.map(\.extent))
  let steps = atoms.map { atom in
    zip(wanted, distances).first { $0.0 == atom }?.1 ?? 0
  }
  return walk(shape: atoms.map(\.extent), strides: steps)
}

/// The order in which the axes of a tensor of this rank lie in memory unless something else is
/// known: images channels last.
func defaultPermutation(rank: Int) -> [Int] {
  rank == 4 ? [0, 2, 3, 1] : Array(0..<rank)
}
