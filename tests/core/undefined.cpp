#include <doctest/doctest.h>

#include <functional>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

// Whoever hands over an undefined tensor reads the name of what he called. The functions of the families have
// this check in their tables; here are the members, and the functions that have no table.

namespace {

struct Call {
  const char* name;
  std::function<void(Tensor& u, const Tensor& x)> run;
};

const Call calls[] = {
    {"data", [](Tensor& u, const Tensor&) { u.data<float>(); }},
    {"mutable_data", [](Tensor& u, const Tensor&) { u.mutable_data<float>(); }},
    {"item", [](Tensor& u, const Tensor&) { u.item(); }},
    {"at", [](Tensor& u, const Tensor&) { u.at({0}); }},
    {"to_vector", [](Tensor& u, const Tensor&) { u.to_vector<float>(); }},
    {"fill_", [](Tensor& u, const Tensor&) { u.fill_(1); }},
    {"fill_", [](Tensor& u, const Tensor&) { std::move(u).fill_(1); }},
    {"copy_", [](Tensor& u, const Tensor& x) { u.copy_(x); }},
    {"copy_", [](Tensor& u, const Tensor& x) { x.detach().copy_(u); }},
    {"add_", [](Tensor& u, const Tensor& x) { u.add_(x); }},
    {"add_", [](Tensor& u, const Tensor& x) { x.detach().add_(u); }},
    {"add_", [](Tensor& u, const Tensor&) { u += 1; }},
    {"sub_", [](Tensor& u, const Tensor& x) { u.sub_(x); }},
    {"sub_", [](Tensor& u, const Tensor&) { u -= 1; }},
    {"mul_", [](Tensor& u, const Tensor& x) { u.mul_(x); }},
    {"mul_", [](Tensor& u, const Tensor&) { u *= 2; }},
    {"div_", [](Tensor& u, const Tensor& x) { u.div_(x); }},
    {"div_", [](Tensor& u, const Tensor&) { u /= 2; }},
    {"requires_grad_", [](Tensor& u, const Tensor&) { u.requires_grad_(); }},
    {"set_grad", [](Tensor& u, const Tensor& x) { u.set_grad(x); }},
    {"zero_grad", [](Tensor& u, const Tensor&) { u.zero_grad(); }},
    {"backward", [](Tensor& u, const Tensor&) { u.backward(); }},
    {"backward", [](Tensor& u, const Tensor& x) { u.backward(x); }},
    {"detach", [](Tensor& u, const Tensor&) { u.detach(); }},
    {"detach", [](Tensor& u, const Tensor&) { std::move(u).detach(); }},
    {"clone", [](Tensor& u, const Tensor&) { u.clone(); }},
    {"to", [](Tensor& u, const Tensor&) { u.to(float64); }},
    {"reshape", [](Tensor& u, const Tensor&) { u.reshape({1}); }},
    {"reshape", [](Tensor& u, const Tensor&) { std::move(u).reshape({1}); }},
    {"view", [](Tensor& u, const Tensor&) { u.view({1}); }},
    {"flatten", [](Tensor& u, const Tensor&) { u.flatten(); }},
    {"transpose", [](Tensor& u, const Tensor&) { u.transpose(0, 1); }},
    {"permute", [](Tensor& u, const Tensor&) { u.permute({0}); }},
    {"squeeze", [](Tensor& u, const Tensor&) { u.squeeze(0); }},
    {"unsqueeze", [](Tensor& u, const Tensor&) { u.unsqueeze(0); }},
    {"t", [](Tensor& u, const Tensor&) { u.t(); }},
    {"slice", [](Tensor& u, const Tensor&) { u.slice(0, 0); }},
    {"select", [](Tensor& u, const Tensor&) { u[0]; }},
    {"index", [](Tensor& u, const Tensor&) { u.index({0}); }},
    {"index_put_", [](Tensor& u, const Tensor& x) { u.index_put_({0}, x); }},
    {"index_put_", [](Tensor& u, const Tensor& x) { x.detach().index_put_({0}, u); }},
    {"index_put_", [](Tensor& u, const Tensor&) { u.index_put_({0}, 1); }},
    {"expand", [](Tensor& u, const Tensor&) { u.expand({1}); }},
    {"chunk", [](Tensor& u, const Tensor&) { u.chunk(2); }},
    {"split", [](Tensor& u, const Tensor&) { u.split(2); }},
    {"gather", [](Tensor& u, const Tensor& x) { u.gather(0, argmax(x, 0)); }},
    {"masked_fill", [](Tensor& u, const Tensor& x) { u.masked_fill(x > 0, 1); }},
    {"pow", [](Tensor& u, const Tensor&) { u.pow(2); }},
    {"clamp", [](Tensor& u, const Tensor&) { u.clamp(0, 1); }},
    {"eq", [](Tensor& u, const Tensor&) { u.eq(1); }},
    {"lt", [](Tensor& u, const Tensor& x) { u.lt(x); }},
    {"sum", [](Tensor& u, const Tensor&) { u.sum(0); }},
    {"mean", [](Tensor& u, const Tensor&) { u.mean(); }},
    {"max", [](Tensor& u, const Tensor&) { u.max(0); }},
    {"argmax", [](Tensor& u, const Tensor&) { u.argmax(); }},
    {"all", [](Tensor& u, const Tensor&) { u.all(); }},
    {"norm", [](Tensor& u, const Tensor&) { u.norm(); }},

    {"add", [](Tensor& u, const Tensor&) { u + 1; }},
    {"sub", [](Tensor& u, const Tensor&) { 1 - u; }},
    {"div", [](Tensor& u, const Tensor&) { 1 / u; }},
    {"neg", [](Tensor& u, const Tensor&) { -u; }},
    {"lt", [](Tensor& u, const Tensor&) { static_cast<void>(u < 1); }},
    {"logical_not", [](Tensor& u, const Tensor&) { !u; }},
    {"maximum", [](Tensor& u, const Tensor&) { maximum(1, u); }},
    {"fmod", [](Tensor& u, const Tensor&) { fmod(1, u); }},
    {"remainder", [](Tensor& u, const Tensor&) { remainder(u, 1); }},
    {"atan2", [](Tensor& u, const Tensor&) { atan2(u, 1); }},
    {"lerp", [](Tensor& u, const Tensor&) { lerp(u, 0, 0.5); }},
    {"pow", [](Tensor& u, const Tensor&) { pow(2, u); }},
    {"where", [](Tensor& u, const Tensor&) { where(u, 0, 1); }},
    {"allclose", [](Tensor& u, const Tensor& x) { allclose(u, x); }},
    {"allclose", [](Tensor& u, const Tensor& x) { allclose(x, u); }},
    {"equal", [](Tensor& u, const Tensor& x) { equal(u, x); }},
    {"equal", [](Tensor& u, const Tensor& x) { equal(x, u); }},
    {"empty_like", [](Tensor& u, const Tensor&) { empty_like(u); }},
    {"zeros_like", [](Tensor& u, const Tensor&) { zeros_like(u); }},
    {"ones_like", [](Tensor& u, const Tensor&) { ones_like(u); }},
    {"full_like", [](Tensor& u, const Tensor&) { full_like(u, 1); }},
    {"rand_like", [](Tensor& u, const Tensor&) { rand_like(u); }},
    {"randn_like", [](Tensor& u, const Tensor&) { randn_like(u); }},
    {"multinomial", [](Tensor& u, const Tensor&) { multinomial(u, 1); }},
    {"grad", [](Tensor& u, const Tensor& x) { grad(u, {x}); }},
    {"grad", [](Tensor& u, const Tensor& x) { grad(sum(x), {u}); }},
    {"to_dot", [](Tensor& u, const Tensor&) { to_dot(u); }},
    {"summary", [](Tensor& u, const Tensor&) { summary(u); }},
    {"retain_grad", [](Tensor& u, const Tensor&) { retain_grad(u); }},
    {"register_hook", [](Tensor& u, const Tensor&) { register_hook(u, [](const Tensor& g) { return g; }); }},
    {"checkpoint", [](Tensor& u, const Tensor&) { checkpoint([](const Tensor& a) { return a; }, u); }},
    {"jacobian", [](Tensor& u, const Tensor&) { jacobian([](const Tensor& a) { return a; }, u); }},
    {"hessian", [](Tensor& u, const Tensor&) { hessian([](const Tensor& a) { return sum(a); }, u); }},
    {"vjp", [](Tensor& u, const Tensor& x) { vjp([](const Tensor& a) { return a; }, u, x); }},
    {"jvp", [](Tensor& u, const Tensor& x) { jvp([](const Tensor& a) { return a; }, u, x); }},
    {"hvp", [](Tensor& u, const Tensor& x) { hvp([](const Tensor& a) { return sum(a); }, u, x); }},

    {"clip_grad_norm_", [](Tensor& u, const Tensor&) { optim::clip_grad_norm_({u}, 1); }},
    {"clip_grad_value_", [](Tensor& u, const Tensor&) { optim::clip_grad_value_({u}, 1); }},
    {"Adam", [](Tensor& u, const Tensor&) { optim::Adam({u}); }},
    {"SGD", [](Tensor& u, const Tensor&) { optim::SGD({u}); }},
    {"Linear", [](Tensor& u, const Tensor&) { nn::Linear(2, 2)(u); }},
    {"uniform_", [](Tensor& u, const Tensor&) { nn::init::uniform_(u); }},
    {"normal_", [](Tensor& u, const Tensor&) { nn::init::normal_(u); }},
    {"zeros_", [](Tensor& u, const Tensor&) { nn::init::zeros_(u); }},
    {"xavier_uniform_", [](Tensor& u, const Tensor&) { nn::init::xavier_uniform_(u); }},
    {"orthogonal_", [](Tensor& u, const Tensor&) { nn::init::orthogonal_(u); }},
};

std::string message_of(const Call& call) {
  Tensor undefined;
  try {
    call.run(undefined, ones({2, 3}, {.requires_grad = true}));
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("an undefined tensor is an error of the function that was called") {
  for (const Call& call : calls) {
    CAPTURE(call.name);
    const std::string message = message_of(call);
    CHECK_MESSAGE(message.starts_with(std::string(call.name) + ": "), message);
    CHECK_MESSAGE(message.find("undefined") != std::string::npos, message);
  }
}

TEST_CASE("what only looks at a tensor names the function that asks") {
  const auto asks = [](auto look) {
    try {
      look(Tensor());
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const auto named = [](const Tensor& u) {
    struct Ask {
      static void rows_of(const Tensor& x) { x.size(0); }
    };
    Ask::rows_of(u);
  };
  CHECK(asks(named).starts_with("rows_of: a tensor is undefined"));
  CHECK(asks([](const Tensor& u) { u.is_leaf("mine"); }).starts_with("mine: a tensor is undefined"));
  CHECK(asks([](const Tensor& u) { u.grad("mine"); }).starts_with("mine: a tensor is undefined"));
  CHECK(asks([](const Tensor& u) { u.op_name("mine"); }).starts_with("mine: a tensor is undefined"));
}
