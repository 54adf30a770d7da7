"""Small instances of transformers' own definitions, from random weights: nothing is downloaded."""

import torch
import transformers

WORDS, LENGTH = 17, 7


def bert(kind, **options):
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=24, max_position_embeddings=LENGTH + 3, **options)
    return getattr(transformers, "BertFor" + kind)(config)


def distilbert():
    return transformers.DistilBertForSequenceClassification(transformers.DistilBertConfig(
        vocab_size=WORDS, dim=12, n_layers=2, n_heads=3, hidden_dim=24,
        max_position_embeddings=LENGTH + 3, num_labels=4))


def albert():
    """All layers share one set of weights."""
    return transformers.AlbertForSequenceClassification(transformers.AlbertConfig(
        vocab_size=WORDS, embedding_size=6, hidden_size=12, num_hidden_layers=3,
        num_attention_heads=3, intermediate_size=24, max_position_embeddings=LENGTH + 3, num_labels=4))


def roberta():
    return transformers.RobertaForSequenceClassification(transformers.RobertaConfig(
        vocab_size=WORDS, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=24, max_position_embeddings=LENGTH + 4, num_labels=4))


def electra():
    return transformers.ElectraForTokenClassification(transformers.ElectraConfig(
        vocab_size=WORDS, embedding_size=8, hidden_size=12, num_hidden_layers=2,
        num_attention_heads=3, intermediate_size=24, max_position_embeddings=LENGTH + 3, num_labels=4))


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=WORDS, n_positions=LENGTH + 3, n_embd=12, n_layer=2, n_head=3,
        bos_token_id=0, eos_token_id=0))


def gpt_neox():
    return transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(
        vocab_size=WORDS, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=16, rotary_pct=0.5))


def opt():
    return transformers.OPTForCausalLM(transformers.OPTConfig(
        vocab_size=WORDS, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, ffn_dim=24,
        max_position_embeddings=16, word_embed_proj_dim=12, pad_token_id=0))


def decoder(kind, **options):
    """The decoders that share Llama's form: rotary positions, grouped queries, gated networks."""
    sizes = dict(
        vocab_size=WORDS, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=16,
        bos_token_id=0, eos_token_id=0, pad_token_id=0)
    config = getattr(transformers, kind + "Config")(**{**sizes, **options})
    return getattr(transformers, kind + "ForCausalLM")(config)


def t5_encoder():
    """T5's encoder, with relative positions, and a head per token."""
    return transformers.T5ForTokenClassification(transformers.T5Config(
        vocab_size=WORDS, d_model=12, d_kv=4, d_ff=24, num_layers=2, num_heads=3,
        relative_attention_num_buckets=8, relative_attention_max_distance=16, num_labels=4,
        decoder_start_token_id=0, pad_token_id=0))


def mamba():
    return transformers.MambaForCausalLM(transformers.MambaConfig(
        vocab_size=WORDS, hidden_size=8, state_size=4, num_hidden_layers=2, conv_kernel=3,
        expand=2, time_step_rank=2, use_mambapy=False))


def vit():
    return transformers.ViTForImageClassification(transformers.ViTConfig(
        hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=24,
        image_size=12, patch_size=4, num_labels=6))


def swin():
    return transformers.SwinForImageClassification(transformers.SwinConfig(
        image_size=16, patch_size=2, embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=4,
        num_labels=4))


def convnext():
    return transformers.ConvNextForImageClassification(transformers.ConvNextConfig(
        num_stages=2, hidden_sizes=[6, 8], depths=[1, 1], num_labels=5, layer_scale_init_value=0.5))


def resnet():
    return transformers.ResNetForImageClassification(transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[8, 12], depths=[1, 2], layer_type="bottleneck", num_labels=5))


def segformer():
    return transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 12],
        patch_sizes=[3, 3], strides=[2, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2],
        decoder_hidden_size=8, num_labels=3))


def padded(examples, generator, causal=False):
    """Tokens and the mask of sequences of different lengths, padded on the right."""
    tokens = torch.randint(1, WORDS, (examples, LENGTH), generator=generator)
    lengths = torch.randint(3, LENGTH + 1, (examples,), generator=generator)
    mask = (torch.arange(LENGTH) < lengths[:, None]).long()
    return {"input_ids": tokens * mask, "attention_mask": mask}


#: Small sizes under all the names that configurations have for them.
SIZES = dict(
    vocab_size=WORDS, hidden_size=16, d_model=16, n_embd=16, dim=16, embedding_size=16,
    word_embed_proj_dim=16, intermediate_size=24, hidden_dim=24, ffn_dim=24, d_ff=24, n_inner=24,
    encoder_ffn_dim=24, decoder_ffn_dim=24, num_hidden_layers=2, num_layers=2, n_layer=2, n_layers=2,
    encoder_layers=2, decoder_layers=2, num_decoder_layers=2, num_attention_heads=4, n_head=4,
    n_heads=4, num_heads=4, encoder_attention_heads=4, decoder_attention_heads=4,
    num_key_value_heads=2, head_dim=4, d_kv=4, rotary_dim=4, max_position_embeddings=16,
    n_positions=16, num_local_experts=4, num_experts=4, n_routed_experts=4, num_experts_per_tok=2,
    moe_intermediate_size=16, shared_expert_intermediate_size=16, type_vocab_size=2, state_size=4,
    time_step_rank=2, expand=2, conv_kernel=3, bos_token_id=0, eos_token_id=0, pad_token_id=0,
    decoder_start_token_id=0, num_labels=4)


def routed(kind):
    """A decoder with experts, in a form that works in double precision."""
    model = small(kind, "ForCausalLM")
    model.set_experts_implementation("eager")
    return model


def small(kind, head, **options):
    """A model of any kind, as far as its configuration's defaults allow it to be small."""
    config = getattr(transformers, kind + "Config")
    known = config().to_dict()
    sizes = {key: value for key, value in SIZES.items() if key in known or key == "num_labels"}
    return getattr(transformers, kind.removesuffix("Text") + head)(config(**{**sizes, **options}))
