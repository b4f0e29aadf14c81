#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names rcond_names = {"rcond", "rtol"};

std::optional<double> rcond(const Arguments& a) {
  if (a.has(rcond_names)) return a.number(rcond_names);
  return std::nullopt;
}

void add_products(Registry& r) {
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  const std::pair<const char*, Binary> functions[] = {{"matmul", matmul}, {"mm", mm},   {"bmm", bmm},
                                                      {"mv", mv},         {"dot", dot}, {"outer", outer},
                                                      {"kron", kron}};
  for (const auto& [name, f] : functions)
    r[name] = [f = f](const Arguments& a) { return f(a.input(0), a.required(1, {"other"})); };

  r["gemm"] = [](const Arguments& a) {
    return gemm(a.input(0), a.input(1), a.flag({"transpose_a"}, false), a.flag({"transpose_b"}, false));
  };
  r["addmm"] = [](const Arguments& a) {
    return addmm(a.input(0), a.input(1), a.input(2), a.number({"beta"}, 1), a.number({"alpha"}, 1));
  };
  r["baddbmm"] = [](const Arguments& a) {
    return baddbmm(a.input(0), a.input(1), a.input(2), a.number({"beta"}, 1), a.number({"alpha"}, 1));
  };
  r["linear"] = [](const Arguments& a) { return linear(a.input(0), a.input(1), a.tensor(2, {"bias"})); };
  r["bilinear"] = [](const Arguments& a) {
    return bilinear(a.input(0), a.input(1), a.input(2), a.tensor(3, {"bias"}));
  };
  r["einsum"] = [](const Arguments& a) {
    const std::string equation = a.text({"equation", "eq", "subscripts", "expr", "spec"}, "");
    if (equation.empty()) throw Unknown{"there is no equation"};
    return einsum(equation, a.inputs());
  };
  r["trace"] = [](const Arguments& a) { return trace(a.input(0)); };
}

void add_systems(Registry& r) {
  r["inverse"] = [](const Arguments& a) { return inverse(a.input(0)); };
  r["solve"] = [](const Arguments& a) {
    return solve(a.input(0), a.required(1, {"B", "b"}), a.flag({"left"}, true));
  };
  r["solve_triangular"] = [](const Arguments& a) {
    return solve_triangular(a.input(0), a.required(1, {"B", "b"}), a.flag({"upper"}, true),
                            a.flag({"left"}, true), a.flag({"unitriangular"}, false));
  };
  r["triangular_solve"] = [](const Arguments& a) {
    return triangular_solve(a.input(0), a.input(1), a.flag({"upper"}, true), a.flag({"transpose"}, false),
                            a.flag({"unitriangular"}, false));
  };
  r["cholesky"] = [](const Arguments& a) { return cholesky(a.input(0), a.flag({"upper"}, false)); };
  r["pinv"] = [](const Arguments& a) { return pinv(a.input(0), rcond(a)); };
  r["lstsq"] = [](const Arguments& a) -> Outputs {
    const LeastSquares found = lstsq(a.input(0), a.required(1, {"B", "b"}), rcond(a));
    return std::vector<Tensor>{found.solution, found.residuals, found.rank, found.singular_values};
  };
}

void add_determinants(Registry& r) {
  r["det"] = [](const Arguments& a) { return det(a.input(0)); };
  r["logdet"] = [](const Arguments& a) { return logdet(a.input(0)); };
  r["slogdet"] = [](const Arguments& a) -> Outputs {
    const SignAndLogarithm found = slogdet(a.input(0));
    return std::vector<Tensor>{found.sign, found.logabsdet};
  };
  r["slogdet_log"] = [](const Arguments& a) { return slogdet(a.input(0)).logabsdet; };
}

void add_decompositions(Registry& r) {
  r["qr"] = [](const Arguments& a) -> Outputs {
    const QR found = qr(a.input(0), a.text({"mode"}, "reduced"));
    return std::vector<Tensor>{found.q, found.r};
  };
  r["svd"] = [](const Arguments& a) -> Outputs {
    const SVD found = svd(a.input(0), a.flag({"full_matrices"}, false));
    return std::vector<Tensor>{found.u, found.s, found.vh};
  };
  r["svdvals"] = [](const Arguments& a) { return svd(a.input(0)).s; };
  r["eigh"] = [](const Arguments& a) -> Outputs {
    const Eigh found = eigh(a.input(0));
    return std::vector<Tensor>{found.eigenvalues, found.eigenvectors};
  };
  r["eigvalsh"] = [](const Arguments& a) { return eigh(a.input(0)).eigenvalues; };
  r["matrix_norm"] = [](const Arguments& a) {
    static constexpr Names order = {"ord", "p"};
    const bool keepdim = a.flag({"keepdim"}, false);
    const std::string name = a.text(order, "fro");
    if (name == "fro" || name == "nuc") {
      if (!a.has(order) || a.text(order, "") == name) return matrix_norm(a.input(0), name, keepdim);
    }
    return matrix_norm(a.input(0), a.number(order), keepdim);
  };
}

}  // namespace

void add_linear_algebra(Registry& r) {
  add_products(r);
  add_systems(r);
  add_determinants(r);
  add_decompositions(r);
}

}  // namespace golden
